import CeleryCore
import Fixtures
import ResultStores
import SQL

/// A database that answers in Oracle's dialect, as far as a MariaDB server can (`makeOracleDatabase`).
final class OraclePlace: Sendable {
    let url: String

    /// - Parameter hasTables: Whether Celery's tables are there, as they are after `celery syncdb`.
    init(hasTables: Bool = false) throws {
        let server = try DatabaseServer.mariaDB
        let name = "oracle_\(UInt64.random(in: 0...UInt64.max))"
        try server.makeOracleDatabase(name, hasTables: hasTables)
        url = server.odbcURL(database: name)
    }

    func server() throws -> ODBCServer { try ODBCServer(ServiceURL(url)) }

    func store(expires: Double? = 3_600, now: @escaping @Sendable () -> Timestamp = { .now }) throws -> PythonDatabaseStore {
        try PythonDatabaseStore(server(), expires: expires, now: now)
    }

    /// A statement of any other program.
    @discardableResult
    func run(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        let connection = try server().connect(patience: .seconds(8 * Machine.factor))
        defer { connection.close() }
        return try connection.execute(sql, values)
    }

    func rows(_ sql: String, _ values: [SQLValue] = []) throws -> [[SQLValue]] {
        let connection = try server().connect(patience: .seconds(8 * Machine.factor))
        defer { connection.close() }
        return try connection.rows(sql, values)
    }
}
