package import CeleryCore

/// How to connect to an Oracle database by ODBC, read from a URL such as `db+oracle://user:password@host:1521/service?driver=NAME`.
///
/// | option | meaning |
/// |---|---|
/// | `driver` | name or file of an ODBC driver: `odbcinst -q -d` lists the names |
/// | `dsn` | name of a data source, which has host and service itself: `odbcinst -q -s` lists them |
/// | `connection` | a connection string for any driver, without user and password: `Driver=NAME;SERVER=host;PORT=3306` |
/// | `service_name` | the service, as SQLAlchemy writes it, in the place of the path |
/// | `connect_timeout`, `read_timeout` | seconds |
package struct ODBCServer: SQLServer, Hashable {
    package let location: String
    package private(set) var connectTimeout: Duration
    /// For how long the server may be silent while it owes an answer; an option may only shorten it.
    private(set) var answerTimeout: Duration?
    /// What the driver manager is given, with the password.
    let connectionString: String
    private static let own = ["driver", "dsn", "connection", "service_name", "connect_timeout", "read_timeout"]
    /// Options that only concern objects in Python.
    private static let pythonOnly = ["encoding", "nencoding", "events", "mode", "threaded", "arraysize"]

    /// - Throws: `SQLError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(SQLError) {
        // A data source names the database itself.
        let server = try ServerURL(url, needsDatabase: !url.query.contains { ["dsn", "connection", "service_name"].contains($0.name) })
        location = server.location
        self.connectTimeout = connectTimeout
        var given: [String: String] = [:]
        var answerTimeout: Duration?
        for item in server.options {
            switch item.name {
            case "connect_timeout": self.connectTimeout = try server.seconds(item)
            case "read_timeout": answerTimeout = min(SQLPatience.usual, try server.seconds(item))
            case _ where Self.own.contains(item.name):
                guard !item.value.isEmpty else { throw server.complaint("option '\(item.name)' has no value") }
                given[item.name] = item.value
            case _ where Self.pythonOnly.contains(item.name): break
            default: throw server.unknown(item, among: Self.own + Self.pythonOnly)
            }
        }
        self.answerTimeout = answerTimeout
        guard (url.user == nil) == (url.password == nil) else { throw server.complaint("user and password must be given together") }
        var parts = try Self.place(given, url, server)
        if let user = url.user, let password = url.password { parts += ["UID=\(Self.quoted(user))", "PWD=\(Self.quoted(password))"] }
        connectionString = parts.joined(separator: ";")
    }

    /// The parts of the connection string without user and password.
    private static func place(_ given: [String: String], _ url: ServiceURL, _ server: ServerURL) throws(SQLError) -> [String] {
        let ways = ["driver", "dsn", "connection"].filter { given[$0] != nil }
        guard ways.count == 1, let way = ways.first, let value = given[way] else {
            throw server.complaint(
                ways.isEmpty
                    ? "it names no ODBC driver; add ?driver=NAME, one of those that odbcinst -q -d lists, or ?dsn=NAME" : "\(ways.joined(separator: " and ")) exclude each other")
        }
        switch way {
        case "connection":
            for part in value.split(separator: ";") {
                let name = part.prefix { $0 != "=" }.lowercased().filter { $0 != " " }
                if ["pwd", "password", "uid", "user"].contains(name) { throw server.complaint("write user and password before the host, not into the connection") }
            }
            return [value]
        case "dsn": return ["DSN=\(quoted(value))"]
        default:
            let service = given["service_name"] ?? server.database
            let host = url.host ?? "localhost"
            let place = (host.contains(":") ? "[\(host)]" : host) + ":\(url.port ?? 1_521)"
            return ["Driver=\(value.hasPrefix("/") ? value : quoted(value))", "DBQ=\(quoted("//\(place)/\(service)"))"]
        }
    }

    /// A value of a connection string, where it needs them in braces: no character means anything there but the closing one, which is
    /// doubled.
    static func quoted(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789_-.:/+~".unicodeScalars.contains($0) }
        return isPlain ? value : "{" + value.replacing(text: "}", with: "}}") + "}"
    }

    package func connect(patience: Duration) throws(SQLError) -> any SQLServerConnection {
        try ODBCConnection(self, patience: patience == SQLPatience.usual ? answerTimeout ?? patience : patience)
    }

    /// Each row is looked for and inserted by a statement of its own.
    package var joinsRows: Bool { false }
}
