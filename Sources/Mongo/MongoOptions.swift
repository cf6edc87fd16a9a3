package import CeleryCore
package import Streams

/// How to connect to MongoDB, and where results are kept there, read from a URL:
/// `mongodb://user:password@host:port,host2:port/database?replicaSet=name&tls=true`.
///
/// The options have the names and meanings of Python's client (PyMongo), as far as they apply here, in any case of letters; see
/// `MongoOptions+Query.swift`.
package struct MongoOptions: Sendable, Hashable {
    /// One server of the URL.
    package struct Server: Sendable, Hashable, CustomStringConvertible {
        package var host: String
        package var port: Int

        /// - Parameter text: `host` or `host:port`, with brackets around an address of IPv6.
        init(_ text: String) {
            let end = text.hasPrefix("[") ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
            let name = text[..<(end ?? text.endIndex)]
            host = name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : String(name)
            port = Int(text[(end ?? text.endIndex)...].dropFirst()) ?? MongoOptions.defaultPort
        }

        init(host: String, port: Int) { (self.host, self.port) = (host, port) }

        package var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
    }

    /// At least one, in the order of the URL. Of a replica set the one that takes writes is looked for from these.
    package var servers: [Server]
    package var user: String?
    package var password: String?
    /// The database that knows the user.
    package var authenticationDatabase: String
    /// `nil` takes the best that the server has for the user.
    package var mechanism: String?
    package var database = "celery"
    /// Where Python's Celery keeps results, and groups.
    package var taskCollection = "celery_taskmeta"
    package var groupCollection = "celery_groupmeta"
    /// The name that the set must have.
    package var replicaSet: String?
    /// Whether no other server than that of the URL is looked for.
    package var isDirect = false
    package var tls: TLSTerms?
    /// Time limit for each server: for the connection, and again for the login.
    package var connectTimeout: Duration
    /// For how long the server may be silent while it owes an answer.
    package var answerTimeout: Duration = .seconds(8)
    /// How many servers must have a write before it counts as done; `nil` leaves it to the server.
    package var writeConcern: BSONDocument?
    /// What the server's log calls the connection.
    package var applicationName = "celery"
    /// For display, without the password and the options.
    package var location: String

    package static let defaultPort = 27_017

    /// - Throws: `MongoError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(MongoError) {
        location = url.location
        self.connectTimeout = connectTimeout
        user = url.user.flatMap { $0.isEmpty ? nil : $0 }
        password = url.password
        servers = url.servers.isEmpty ? [Server(host: url.host ?? "localhost", port: url.port ?? Self.defaultPort)] : url.servers.map(Server.init)
        let path = url.path.hasPrefix("/") ? String(url.path.dropFirst()) : url.path
        if !path.isEmpty { database = path }
        // As for PyMongo.
        authenticationDatabase = path.isEmpty ? "admin" : path
        guard url.scheme == "mongodb" else {
            throw complaint("servers are not looked up in the DNS (mongodb+srv); write mongodb:// with the names of the servers, and tls=true")
        }
        var seen: Set<String> = []
        for item in url.query {
            guard seen.insert(item.name.lowercased()).inserted else { throw complaint("option '\(item.name)' is given twice") }
            try take(item)
        }
        try check()
    }

    private func check() throws(MongoError) {
        if user != nil, password == nil { throw complaint("it names a user and no password") }
        if user == nil, password != nil { throw complaint("it has a password and no user") }
        for (what, text) in [("user", user), ("password", password)] {
            if let text, text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) { throw complaint("the \(what) has a control character in it") }
        }
        for server in servers where server.host.isEmpty || server.host.utf8.contains(0) { throw complaint("it names a server without a host") }
        for name in [database, authenticationDatabase] where name.isEmpty || name.utf8.count > 63 || name.contains(where: { "/\\. \"$\0".contains($0) }) {
            throw complaint("'\(name.inOneLine(limit: 60))' cannot be the name of a database")
        }
        for name in [taskCollection, groupCollection]
        where name.isEmpty || name.utf8.count > 120 || name.hasPrefix("system.") || name.contains(where: { "$\0".contains($0) }) {
            throw complaint("'\(name.inOneLine(limit: 60))' cannot be the name of a collection")
        }
        guard taskCollection != groupCollection else { throw complaint("results and groups must be in two collections") }
        if isDirect, servers.count > 1 { throw complaint("directConnection is for one server, and the URL names \(servers.count)") }
    }

    func complaint(_ text: String) -> MongoError { MongoError(.options, "\(location): \(text)") }
}
