package import CeleryCore
package import Streams

/// Which servers keep the values, read from a URL: `cache+memcached://host:port;host2:port/`.
///
/// The scheme is that of Python's Celery, with or without `cache+`: `memcached`, `memcache`, `pymemcache` or `pylibmc`. Python's URLs
/// have no TLS; here `memcacheds` asks for it, as `rediss` does, with the options that Redis has for it.
package struct MemcachedOptions: Sendable, Hashable {
    /// At least one, each once, in the order of the URL.
    package var servers: [MemcachedServer]
    /// Time limit for connecting to a server.
    package var connectTimeout: Duration
    /// For how long a server may be silent while it owes an answer.
    package var answerTimeout: Duration = .seconds(8)
    /// What is demanded of the servers' certificates; `nil` without TLS.
    package var tls: TLSTerms?
    /// For display.
    package var location: String

    /// What Django's CACHE_BACKEND, the notation of Celery's first versions, has after the question mark: it concerns values
    /// that are stored without a time, and other kinds of caches.
    private static let djangoOnly = ["timeout", "max_entries", "cull_percentage", "cull_frequency"]

    /// - Throws: `MemcachedError.Code.options`.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(MemcachedError) {
        // A port that is none may be a password.
        location = ServiceURL.redact(url.location)
        self.connectTimeout = connectTimeout
        servers = []
        tls = url.isEncrypted ? TLSTerms() : nil
        for part in url.servers {
            guard let server = MemcachedServer(part) else {
                throw MemcachedError(.options, "\(location): a server is written host:port, with ; between several")
            }
            if !servers.contains(server) { servers.append(server) }
        }
        guard !servers.isEmpty else {
            throw MemcachedError(.options, "\(location) names no server; write \(url.scheme)://host:11211/")
        }
        if tls != nil, let server = servers.first(where: { $0.socketPath != nil }) {
            throw MemcachedError(.options, "\(location): a socket such as \(server) has no TLS; name it with memcached://")
        }
        var seen: Set<String> = []
        for item in url.query where !Self.djangoOnly.contains(item.name) {
            guard seen.insert(item.name).inserted else { throw MemcachedError(.options, "\(location): option '\(item.name)' is given twice") }
            try take(item)
        }
        if let problem = tls.problem { throw MemcachedError(.options, "\(location): \(problem)") }
    }

    private mutating func take(_ item: ServiceURL.QueryItem) throws(MemcachedError) {
        guard TLSTerms.optionNames.contains(item.name) else {
            let nearest = NearestName.suggest(item.name, among: TLSTerms.optionNames).map { "; did you mean '\($0)'?" } ?? ""
            throw MemcachedError(.options, "\(location): a URL of Memcached has no option '\(item.name)'\(nearest)")
        }
        if let problem = tls.take(item, scheme: "cache+memcacheds") { throw MemcachedError(.options, "\(location): \(problem)") }
    }

    /// One of the servers alone.
    func only(_ server: MemcachedServer) -> MemcachedOptions {
        var copy = self
        copy.servers = [server]
        copy.location = servers.count == 1 ? location : "\(tls == nil ? "memcached" : "memcacheds")://\(server)/"
        return copy
    }
}
