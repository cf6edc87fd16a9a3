/// A driver that keeps its things in a `DatabaseFile`.
///
/// A broker and a store on one file record an outcome in one transaction.
package protocol SQLiteFileHolding: Sendable {
    var file: DatabaseFile { get }
}
