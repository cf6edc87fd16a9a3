package import CeleryCore
package import SQLite

/// Selects ids of tasks by their first characters, through the index of the column.
package enum IDColumn {
    /// - Parameters:
    ///   - table: A table whose rows get growing numbers.
    ///   - column: A column of ids with an index.
    package static func ids(in table: String, _ column: String = "id", startingWith prefix: String, limit: Int, of db: Database) throws -> [TaskID] {
        guard !prefix.isEmpty else {
            return try String.fetchAll(db, sql: "SELECT \(column) FROM \(table) ORDER BY rowid DESC LIMIT ?", arguments: [limit]).map { TaskID($0) }
        }
        return try String.fetchAll(
            db,
            sql: "SELECT \(column) FROM \(table) WHERE \(column) >= ? AND \(column) < ? || char(0x10FFFF) ORDER BY \(column) DESC LIMIT ?",
            arguments: [prefix, prefix, limit]
        ).map { TaskID($0) }
    }
}
