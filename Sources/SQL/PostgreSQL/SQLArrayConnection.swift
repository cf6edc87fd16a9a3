import CeleryCore

/// A connection whose statements take many values as one array, as PostgreSQL's do.
package protocol SQLArrayConnection: SQLServerConnection {
    /// Runs a statement whose first parameters are arrays, of bytes or of texts, and whose others are single values.
    ///
    /// - Returns: The number of rows that it inserted, changed or deleted.
    @discardableResult
    func execute(_ sql: String, arrays: [[SQLValue]], _ values: [SQLValue]) throws -> Int

    /// Runs such a query. All rows are returned at once.
    func rows(_ sql: String, arrays: [[SQLValue]], _ values: [SQLValue]) throws -> [[SQLValue]]
}

extension SQLArrayConnection {
    /// Runs queries in one transaction, none of which may take longer than a limit.
    ///
    /// - Throws: `SQLError.tooSlow` when the server has ended one of them; then none of the others can be run any more.
    package func queries<Value>(eachWithin limit: Duration, _ body: () throws -> Value) throws -> Value {
        try transaction {
            try execute("SET LOCAL statement_timeout = \(max(1, Int((limit.inSeconds * 1_000).rounded())))", [])
            return try body()
        }
    }

    @discardableResult
    package func execute(_ sql: String, arrays: [[SQLValue]]) throws -> Int { try execute(sql, arrays: arrays, []) }

    package func rows(_ sql: String, arrays: [[SQLValue]]) throws -> [[SQLValue]] { try rows(sql, arrays: arrays, []) }
}
