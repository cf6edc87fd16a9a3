/// A connection whose statements take many values as one array, as PostgreSQL's do.
package protocol SQLArrayConnection: SQLConnection {
    /// Runs a statement whose first parameters are arrays, of bytes or of texts, and whose others are single values.
    ///
    /// - Returns: The number of rows that it inserted, changed or deleted.
    @discardableResult
    func execute(_ sql: String, arrays: [[SQLValue]], _ values: [SQLValue]) throws -> Int

    /// Runs such a query. All rows are returned at once.
    func rows(_ sql: String, arrays: [[SQLValue]], _ values: [SQLValue]) throws -> [[SQLValue]]
}

extension SQLArrayConnection {
    @discardableResult
    package func execute(_ sql: String, arrays: [[SQLValue]]) throws -> Int { try execute(sql, arrays: arrays, []) }

    package func rows(_ sql: String, arrays: [[SQLValue]]) throws -> [[SQLValue]] { try rows(sql, arrays: arrays, []) }
}
