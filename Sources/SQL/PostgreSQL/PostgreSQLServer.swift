package import CeleryCore

/// How to connect to a PostgreSQL server, read from a URL such as `db+postgresql://user:password@host:port/name?sslmode=verify-full`.
///
/// The options are libpq's connection parameters, which Python's psycopg takes by the same names; libpq checks their values when it
/// connects. What neither the URL nor an option says comes, as always with libpq, from its environment variables and files.
package struct PostgreSQLServer: SQLServer, Hashable {
    package let location: String
    /// Time limit for the connection and the login together.
    package private(set) var connectTimeout: Duration
    /// libpq's keywords and their values.
    private(set) var parameters: [String: String]

    /// Parameters that a URL may have.
    private static let known = [
        "host", "hostaddr", "port", "passfile", "service", "require_auth", "channel_binding", "connect_timeout", "client_encoding", "options", "application_name",
        "fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
        "sslmode", "sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir", "sslsni",
        "sslcertmode", "ssl_min_protocol_version", "ssl_max_protocol_version", "requirepeer", "krbsrvname", "gsslib", "gssencmode",
        "gssdelegation", "target_session_attrs", "load_balance_hosts",
    ]
    private static let modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    /// - Throws: `SQLError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(SQLError) {
        let server = try ServerURL(url)
        location = server.location
        self.connectTimeout = connectTimeout
        parameters = ["dbname": server.database, "fallback_application_name": "celery"]
        parameters["host"] = url.host
        parameters["port"] = url.port.map(String.init)
        parameters["user"] = url.user
        parameters["password"] = url.password
        // A dead connection is noticed within ten seconds: what was sent is not confirmed, or what is asked is not answered.
        parameters["keepalives_idle"] = "3"
        parameters["keepalives_interval"] = "2"
        parameters["keepalives_count"] = "2"
        parameters["tcp_user_timeout"] = "8000"
        for item in server.options {
            guard Self.known.contains(item.name) else { throw server.unknown(item, among: Self.known) }
            switch item.name {
            case "connect_timeout":
                self.connectTimeout = try server.seconds(item)
                continue
            case "sslmode": _ = try server.choice(item, Self.modes)
            case "client_encoding":
                guard ["utf8", "utf-8", "auto"].contains(item.value.lowercased()) else { throw server.complaint("client_encoding must be utf8") }
                continue
            default: break
            }
            parameters[item.name] = item.value
        }
        parameters["client_encoding"] = "UTF8"
    }

    package func connect(patience: Duration) throws(SQLError) -> any SQLServerConnection {
        try PostgreSQLConnection(self, patience: patience)
    }
}
