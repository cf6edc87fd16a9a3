/// What the scheme of a `ServiceURL` says: one row for each scheme that Celery knows.
///
/// What the rest of the program asks about a scheme is answered here. Which driver serves it is said in `Drivers` of Client.
package struct URLScheme: Sendable {
    /// The service that a URL names.
    package enum Service: Sendable, CaseIterable {
        /// RabbitMQ by AMQP 0-9-1.
        case amqp
        case amqp10
        /// A folder of results.
        case file
        case memcached
        case memory
        case mongoDB
        /// Our tables in PostgreSQL.
        case postgreSQL
        /// Python's tables in a database server or an SQLite file.
        case pythonMariaDB, pythonOracle, pythonPostgreSQL, pythonSQLite
        case redis
        /// Several Redis servers that appear as one.
        case redisCluster
        /// Results as messages to the client that waits.
        case rpc
        /// celery.db.
        case sqlite
        case stomp
        case tyrant
        /// `celery broker`.
        case zmq
    }

    /// What follows the scheme.
    package enum Form: Sendable { case host, servers, file, folder }

    /// Whether the connection is encrypted.
    package enum Encryption: Sendable {
        case never, always
        /// With this option in the URL.
        case with(String)
    }

    /// An option by which the certificate of any server is accepted.
    package struct Unchecked: Sendable {
        package let option: String
        /// In lower case.
        package let values: [String]
    }

    /// In lower case.
    package let name: String
    package let service: Service
    package var form = Form.host
    /// The port of a URL that names none, from the manual of the server; 5556 is that of `celery broker`. `nil` where there are no ports,
    /// and where each of several servers may have one, or the client's library knows.
    package var port: Int?
    package var encryption = Encryption.never
    package var unchecked: [Unchecked] = []

    private static let byOptionsOfTLS = [
        Unchecked(option: "ssl_cert_reqs", values: ["none", "cert_none"]),
        Unchecked(option: "ssl_check_hostname", values: ["0", "f", "false", "n", "no"]),
    ]
    private static let byOptionsOfMariaDB = [Unchecked(option: "ssl_verify_cert", values: ["0", "false", "no", "off"])]
    private static let byOptionsOfMongoDB = ["tlsInsecure", "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames"].map {
        Unchecked(option: $0, values: ["true", "1"])
    }

    /// Those of Memcached are Python's, also without the name of its backend, and one of ours for TLS, which Python's URLs do not have.
    package static let all: [URLScheme] = [
        URLScheme(name: "amqp", service: .amqp, port: 5_672),
        URLScheme(
            name: "amqps", service: .amqp, port: 5_671, encryption: .always,
            unchecked: [Unchecked(option: "verify", values: ["verify_none"])]),
        URLScheme(name: "amqp10", service: .amqp10, port: 5_672),
        URLScheme(name: "amqps10", service: .amqp10, port: 5_671, encryption: .always, unchecked: byOptionsOfTLS),
        URLScheme(name: "db+mariadb", service: .pythonMariaDB, unchecked: byOptionsOfMariaDB),
        URLScheme(name: "db+mysql", service: .pythonMariaDB, unchecked: byOptionsOfMariaDB),
        URLScheme(name: "db+oracle", service: .pythonOracle),
        URLScheme(name: "db+postgresql", service: .pythonPostgreSQL),
        URLScheme(name: "db+sqlite", service: .pythonSQLite, form: .file),
        URLScheme(name: "file", service: .file, form: .folder),
        URLScheme(name: "memory", service: .memory),
        URLScheme(name: "mongodb", service: .mongoDB, unchecked: byOptionsOfMongoDB),
        URLScheme(name: "mongodb+srv", service: .mongoDB),
        URLScheme(name: "postgresql", service: .postgreSQL),
        URLScheme(name: "redis", service: .redis, port: 6_379),
        URLScheme(name: "redis+cluster", service: .redisCluster),
        URLScheme(name: "redis+sentinel", service: .redisCluster),
        URLScheme(name: "redis+socket", service: .redis),
        URLScheme(name: "rediss", service: .redis, port: 6_379, encryption: .always, unchecked: byOptionsOfTLS),
        URLScheme(name: "rediss+cluster", service: .redisCluster),
        URLScheme(name: "rpc", service: .rpc),
        URLScheme(name: "sentinel", service: .redisCluster),
        URLScheme(name: "socket", service: .redis),
        URLScheme(name: "sqlite", service: .sqlite, form: .file),
        URLScheme(name: "stomp", service: .stomp, port: 61_613),
        URLScheme(name: "stomp+ssl", service: .stomp, port: 61_614, encryption: .always, unchecked: byOptionsOfTLS),
        URLScheme(name: "tyrant", service: .tyrant, port: 1_978),
        URLScheme(name: "zmq", service: .zmq, port: 5_556, encryption: .with("server_key")),
    ] + ["", "cache+"].flatMap { prefix in
        ["memcache", "memcached", "pylibmc", "pymemcache"].map { URLScheme(name: prefix + $0, service: .memcached, form: .servers) }
            + [
                URLScheme(
                    name: prefix + "memcacheds", service: .memcached, form: .servers, encryption: .always,
                    unchecked: byOptionsOfTLS)
            ]
    }

    /// Other spellings, read as the scheme that they stand for: Python's Celery also writes `pyamqp`.
    static let aliases = ["pyamqp": "amqp"]

    /// The row of a scheme, in lower case: that of a database also with SQLAlchemy's name of a Python library
    /// (`db+postgresql+psycopg2`). `nil` for a scheme that Celery does not know.
    package static func named(_ name: String) -> URLScheme? {
        if let row = all.first(where: { $0.name == name }) { return row }
        let parts = name.split(separator: "+")
        guard parts.count == 3, parts[0] == "db" else { return nil }
        let row = all.first { $0.name == "db+\(parts[1])" }
        return row?.form == .host ? row : nil
    }
}

extension ServiceURL {
    /// The service that the URL names; `nil` if Celery does not know its scheme.
    package var service: URLScheme.Service? { URLScheme.named(scheme)?.service }

    /// The port if the URL names none; see `URLScheme.port`.
    package var defaultPort: Int? { URLScheme.named(scheme)?.port }

    /// The port to connect to; 0 for a scheme without ports.
    package var usedPort: Int { port ?? defaultPort ?? 0 }

    /// Whether the connection is encrypted, by the scheme or an option.
    package var isEncrypted: Bool {
        switch URLScheme.named(scheme)?.encryption ?? .never {
        case .never: false
        case .always: true
        case .with(let option): query.contains { $0.name == option }
        }
    }

    /// The option by which any server's certificate is accepted, with the value that is given; `nil` if there is none.
    package var uncheckedOption: String? {
        for unchecked in URLScheme.named(scheme)?.unchecked ?? [] {
            guard let given = query.last(where: { $0.name.lowercased() == unchecked.option.lowercased() }) else { continue }
            if unchecked.values.contains(given.value.lowercased()) { return "\(unchecked.option)=\(given.value)" }
        }
        return nil
    }
}
