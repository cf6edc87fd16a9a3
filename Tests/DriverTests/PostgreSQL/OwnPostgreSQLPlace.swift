import CeleryCore
import Fixtures
import ResultStores
import SQL

/// Tables of our own layout in a schema of their own at the PostgreSQL server.
struct OwnPostgreSQLPlace: Sendable {
    let tables: DatabasePlace
    /// As `celery.toml` has it.
    let url: String

    /// - Parameter server: The shared one, unless the test needs one of its own.
    init(_ server: DatabaseServer? = nil) throws {
        tables = try DatabasePlace(server ?? .postgreSQL)
        url = Self.own(tables.url)
    }

    /// The URL of our own layout for one of Python's tables.
    static func own(_ url: String) -> String { String(url.dropFirst("db+".count)) }

    func server(_ url: String? = nil) throws -> PostgreSQLServer { try PostgreSQLServer(ServiceURL(url ?? self.url)) }

    func store(
        expires: Double? = 3_600, argumentLimit: Int = 65_536, outputExpires: Double? = nil, schema: PostgreSQLSchema = .current,
        testTime: (@Sendable () -> Timestamp)? = nil
    ) throws -> PostgreSQLResultStore {
        PostgreSQLResultStore(
            try server(), PostgreSQLResultStore.Terms(expires: expires, argumentLimit: argumentLimit, outputExpires: outputExpires),
            schema: schema, testTime: testTime)
    }

    /// A number that another program reads.
    func count(_ sql: String) throws -> Int64? { try tables.rows(sql).first?.first?.integer }

    /// The names of the tables, by a comma.
    func names() throws -> String {
        try tables.rows("SELECT relname::text FROM pg_class WHERE relnamespace = '\(tables.name)'::regnamespace AND relkind = 'r' ORDER BY relname")
            .compactMap(\.first?.text).joined(separator: ",")
    }
}
