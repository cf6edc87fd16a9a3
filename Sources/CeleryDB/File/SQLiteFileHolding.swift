/// A driver that stores its data in a `DatabaseFile`.
///
/// A broker and a result store on the same file record an outcome in one transaction.
package protocol SQLiteFileHolding: Sendable {
    var file: DatabaseFile { get }
}
