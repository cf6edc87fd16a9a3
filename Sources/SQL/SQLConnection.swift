// Databases by SQL: one protocol for what a connection can do, one value for what dialects have of their own, and the servers.
//
//     SQLDatabase            transactions, from any task
//       SQLServerLink        ... at a server: a serial queue that owns one connection, and makes it anew
//         SQLServer          a server's address and options, from its URL: PostgreSQLServer, MariaDBServer, ODBCServer
//           SQLConnection    a connection, confined to its queue or thread: libpq's, libmariadb's, one of ODBC, and elsewhere SQLite's
//     PostgreSQLListener     a thread and connection for notices

/// A connection to a database. Confined to the queue or thread that owns it; calls block.
package protocol SQLConnection: AnyObject {
    /// What the database calls its types, and how it says what others say differently.
    var dialect: SQLDialect { get }

    /// A number that changes when tables may have got other columns.
    func schemaMark() throws -> Int64

    /// Runs a statement with values for its parameters, which are written as the dialect says.
    ///
    /// - Returns: The number of rows that it inserted, changed or deleted.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int

    /// Runs a statement of `SQLDialect.upsert` with the values of its rows, each in the order of the columns.
    func execute(_ sql: String, rows: [[SQLValue]]) throws

    /// Runs a query. All rows are returned at once.
    func rows(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]]
}

extension SQLConnection {
    @discardableResult
    package func execute(_ sql: String) throws -> Int { try execute(sql, []) }

    package func execute(_ sql: String, rows: [[SQLValue]]) throws { try execute(sql, rows.flatMap { $0 }) }

    package func rows(_ sql: String) throws -> [[SQLValue]] { try rows(sql, []) }
}

/// A connection to a server, which may be lost at any time.
package protocol SQLServerConnection: SQLConnection {
    /// Whether the connection can be used no longer.
    var isLost: Bool { get }

    /// Ends the connection; later calls fail. May be called again.
    func close()

    /// Begins, commits and rolls back a transaction: by statements, unless the database has none for it.
    func begin() throws
    func commit() throws
    func rollBack() throws
}

extension SQLServerConnection {
    func begin() throws { try execute("BEGIN") }
    func commit() throws { try execute("COMMIT") }
    func rollBack() throws { try execute("ROLLBACK") }

    /// Runs one transaction, which is committed when the body returns and rolled back when it throws.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try begin()
        let value: Value
        do {
            value = try body()
        } catch {
            // What cannot be rolled back ends with the connection.
            if !isLost {
                do { try rollBack() } catch { close() }
            }
            throw error
        }
        try commit()
        return value
    }
}
