package import CeleryCore
package import Streams

/// How to connect to one Redis server, read from its URL.
///
/// | URL | server |
/// |---|---|
/// | `redis://user:password@host:port/0` | by TCP; the path is the number of the database |
/// | `rediss://...` | by TLS |
/// | `socket:///run/redis.sock?virtual_host=0`, `redis+socket://...` | a socket of this machine |
///
/// The options have the names and meanings of Python's client (redis-py), as far as they apply here. Those that only
/// concern its objects in Python are accepted: the same URL serves both programs.
package struct RedisOptions: Sendable, Hashable {
    package var host: String
    /// 0 for a socket.
    package var port: Int
    /// Path of a socket, which replaces host and port.
    package var socketPath: String?
    /// `nil` is the user that the server calls `default`.
    package var user: String?
    package var password: String?
    package var database: Int
    /// Time limit for the connection, and again for the handshake.
    package var connectTimeout: Duration
    /// For how long the server may be silent while it owes an answer.
    package var answerTimeout: Duration
    /// What `CLIENT LIST` calls the connection.
    package var clientName: String
    /// 2 or 3: which version of the protocol to speak.
    package var protocolVersion: Int
    package var tls: TLSTerms?
    /// For display, without the password.
    package var location: String

    /// Longest silence that is not a lost connection; the default of `answerTimeout`. An option may only shorten it, so that a
    /// dead connection is noticed within ten seconds.
    package static let longestSilence: Duration = .seconds(8)

    /// - Parameter others: Names of options that the caller has read himself: for suggestions.
    /// - Throws: `RedisError.Code.options`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4), others: [String] = []) throws(RedisError) {
        let isSocket = url.scheme.hasSuffix("socket")
        host = url.host ?? "localhost"
        port = url.usedPort
        socketPath = isSocket ? url.path : nil
        // Python's client writes a password without a user as `redis://:password@host`.
        user = url.user.flatMap { $0.isEmpty ? nil : $0 }
        password = url.password
        database = 0
        self.connectTimeout = connectTimeout
        answerTimeout = Self.longestSilence
        clientName = "celery"
        protocolVersion = 2
        tls = url.isEncrypted ? TLSTerms() : nil
        location = Self.shown(url)
        if isSocket {
            guard url.host == nil, url.path.count > 1 else {
                throw complaint("it names no socket; write \(url.scheme):///path/to/redis.sock")
            }
        } else {
            try readDatabase(url.path)
        }
        try url.takeOptions(complaint) { (item) throws(RedisError) in try take(item, others: others) }
        if user != nil, password == nil { throw complaint("it names a user and no password; write :password@ for a password alone") }
        if let problem = tls.problem { throw complaint(problem) }
    }

    /// The URL without the password and without its options.
    private static func shown(_ url: ServiceURL) -> String {
        guard url.scheme.hasSuffix("socket") else { return url.location }
        // A path, in which slashes are no ordinary characters.
        var shown = url
        shown.path = ""
        return shown.location + url.path
    }

    private mutating func readDatabase(_ path: String) throws(RedisError) {
        let text = path.hasPrefix("/") ? path.dropFirst() : path[...]
        guard !text.isEmpty else { return }
        database = try databaseNumber(String(text))
    }

    private func databaseNumber(_ text: String) throws(RedisError) -> Int {
        guard let number = Int(text), (0...65_535).contains(number), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw complaint("the database must be a number, as in redis://host:6379/0")
        }
        return number
    }

    /// Whether both name the same database of one server, as far as their texts tell.
    package func isSameDatabase(as other: RedisOptions) -> Bool {
        host == other.host && port == other.port && socketPath == other.socketPath && database == other.database
    }

    func complaint(_ text: String) -> RedisError { RedisError(.options, "\(location): \(text)") }
}
