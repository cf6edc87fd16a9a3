import CeleryCore
import Fixtures
import ResultStores
import SQL

/// Tables of their own at a database server.
final class DatabasePlace: Sendable {
    let server: DatabaseServer
    /// What the tables are in: a schema of PostgreSQL, a database of MariaDB.
    let name: String
    let url: String

    init(_ server: DatabaseServer) throws {
        self.server = server
        name = "test_\(UInt64.random(in: 0...UInt64.max))"
        let connection = try Self.server(server.url).connect(patience: .seconds(8 * Machine.factor))
        defer { connection.close() }
        switch server.kind {
        case .postgreSQL:
            try connection.execute("CREATE SCHEMA \(name)")
            url = "\(server.url)?options=-csearch_path%3D\(name)"
        case .mariaDB:
            try connection.execute("CREATE DATABASE \(name) CHARACTER SET utf8mb4")
            url = server.url(host: "127.0.0.1", database: name)
        }
    }

    static func server(_ url: String) throws -> any SQLServer {
        let url = try ServiceURL(url)
        return url.scheme.hasPrefix("db+postgresql") ? try PostgreSQLServer(url) : try MariaDBServer(url)
    }

    func store(
        expires: Double? = 3_600, format: PythonResultFormat = .json, now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws -> PythonDatabaseStore {
        try PythonDatabaseStore(Self.server(url), expires: expires, format: format, now: now)
    }

    /// A connection for looking at the tables as any other program does.
    func connection() throws -> any SQLServerConnection { try Self.server(url).connect(patience: .seconds(8 * Machine.factor)) }

    /// A statement of any other program.
    @discardableResult
    func run(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        let connection = try connection()
        defer { connection.close() }
        return try connection.execute(sql, values)
    }

    func rows(_ sql: String, _ values: [SQLValue] = []) throws -> [[SQLValue]] {
        let connection = try connection()
        defer { connection.close() }
        return try connection.rows(sql, values)
    }
}
