import Processes

/// A database server of the tests' own, for all tests of this process.
///
/// It is started on first use by the script of its name in `Tests/Servers`, and ends with this process, however that ends. With
/// CELERY_TEST_POSTGRESQL (CELERY_TEST_MARIADB) in the environment, the server that runs in that folder is used, and left running; it
/// must have been started with `--tls`.
package struct DatabaseServer: Sendable {
    /// Which server: the name of its script.
    package enum Kind: String, Sendable {
        case postgreSQL = "postgresql"
        case mariaDB = "mariadb"
    }

    package let kind: Kind
    /// What DIR/env of the script says: POSTGRESQL_PORT and so on.
    private let facts: [String: String]

    /// The one PostgreSQL server. Blocks for some seconds the first time, unless it runs already.
    package static var postgreSQL: DatabaseServer {
        get throws { try sharedPostgreSQL.get() }
    }
    /// The one MariaDB server.
    package static var mariaDB: DatabaseServer {
        get throws { try sharedMariaDB.get() }
    }

    private static let sharedPostgreSQL = Result { try shared(.postgreSQL) }
    private static let sharedMariaDB = Result { try shared(.mariaDB) }

    private static func shared(_ kind: Kind) throws -> DatabaseServer {
        let name = "CELERY_TEST_\(kind.rawValue.uppercased())"
        if let folder = Environment.current()[name], !folder.isEmpty { return try DatabaseServer(kind, folder: folder) }
        return try start(kind)
    }

    private func fact(_ name: String) -> String { facts["\(kind.rawValue.uppercased())_\(name)"] ?? "" }

    /// Port on 127.0.0.1.
    package var port: Int { Int(fact("PORT")) ?? 0 }
    package var folder: String { fact("DIR") }
    /// PEM file of the authority of its certificate, which is for localhost and 127.0.0.1.
    package var authority: String { fact("TLS_CA") }
    /// Of PostgreSQL the folder of its socket, of MariaDB the socket.
    package var socket: String { fact(kind == .postgreSQL ? "SOCKETS" : "SOCKET") }

    /// URL of the database celery, as the user celery, who may do everything.
    package var url: String { url(host: "127.0.0.1") }

    package func url(host: String, user: String = "celery:celery-secret", database: String = "celery") -> String {
        "db+\(kind.rawValue)://\(user)@\(host):\(port)/\(database)"
    }

    /// A server of one's own, for a test that kills it: one that ends with this process too.
    package static func start(_ kind: Kind, options: [String] = ["--tls"]) throws -> DatabaseServer {
        try DatabaseServer(kind, folder: script(kind).start(options: options))
    }

    private static func script(_ kind: Kind) -> ServerScript { ServerScript(name: kind.rawValue) }

    /// Does what the script can do with a server: `kill`, `restart`, `suspend`, `resume`, `stop`.
    package func perform(_ verb: String) throws { try Self.script(kind).run([verb, folder]) }

    /// Runs statements by the server's own program, and returns what it prints. Blocks.
    @discardableResult
    package func ask(_ sql: String) throws -> String { try Self.script(kind).run(["sql", folder, sql]) }

    private init(_ kind: Kind, folder: String) throws {
        self.kind = kind
        facts = try ServerScript.facts(of: folder)
    }
}
