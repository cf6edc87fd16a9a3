import CeleryCore
import Fixtures
import Memcached
import Redis
import ResultStores
import SQL

/// A server that keeps results, and may be killed and started again.
enum ResultServer: CaseIterable, Sendable {
    case redis, memcached, postgreSQL, ownPostgreSQL, mariaDB

    /// Whether it has after a kill what it had confirmed before.
    var keepsOverKill: Bool { self != .memcached }

    /// A new server: an empty store there, and what its script does with it (`kill`, `restart`, `stop`).
    func start() throws -> (store: any ResultStore, perform: @Sendable (String) throws -> Void) {
        switch self {
        case .redis:
            let server = try RedisServer.start(options: ["--aof"])
            return (try RedisResultStore(RedisOptions(ServiceURL(server.url)), RedisResultTerms(expires: 600)), server.perform)
        case .memcached:
            let server = try LocalMemcached.start()
            return (try MemcachedResultStore(MemcachedOptions(ServiceURL(server.url)), .init(expires: 600)), server.perform)
        case .postgreSQL:
            let server = try DatabaseServer.start(.postgreSQL, options: [])
            return (PythonDatabaseStore(try PostgreSQLServer(ServiceURL(server.url)), expires: 600), server.perform)
        case .ownPostgreSQL:
            let server = try DatabaseServer.start(.postgreSQL, options: [])
            return (PostgreSQLResultStore(try PostgreSQLServer(ServiceURL(server.url)), .init(expires: 600)), server.perform)
        case .mariaDB:
            let server = try DatabaseServer.start(.mariaDB, options: [])
            return (PythonDatabaseStore(try MariaDBServer(ServiceURL(server.url)), expires: 600), server.perform)
        }
    }
}
