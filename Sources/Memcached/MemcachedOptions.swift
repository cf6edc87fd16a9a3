package import CeleryCore

/// Which servers keep the values, read from a URL: `cache+memcached://host:port;host2:port/`.
///
/// The scheme is that of Python's Celery, with or without `cache+`: `memcached`, `memcache`, `pymemcache` or `pylibmc`.
package struct MemcachedOptions: Sendable, Hashable {
    /// At least one, each once, in the order of the URL.
    package var servers: [MemcachedServer]
    /// Time limit for connecting to a server.
    package var connectTimeout: Duration
    /// For how long a server may be silent while it owes an answer.
    package var answerTimeout: Duration = .seconds(8)
    /// For display.
    package var location: String

    /// Schemes of these URLs.
    package static let schemes = ServiceURL.memcachedSchemes.sorted()

    /// What Django's CACHE_BACKEND, the notation of Celery's first versions, has after the question mark: it concerns values
    /// that are stored without a time, and other kinds of caches.
    private static let djangoOnly = ["timeout", "max_entries", "cull_percentage", "cull_frequency"]

    /// - Throws: `MemcachedError.Code.options`.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws(MemcachedError) {
        var shown = url
        shown.query = []
        // A port that is none may be a password.
        location = ServiceURL.redact(shown.redacted)
        self.connectTimeout = connectTimeout
        servers = []
        for part in url.servers {
            guard let server = MemcachedServer(part) else {
                throw MemcachedError(.options, "\(location): a server is written host:port, with ; between several")
            }
            if !servers.contains(server) { servers.append(server) }
        }
        guard !servers.isEmpty else {
            throw MemcachedError(.options, "\(location) names no server; write \(url.scheme)://host:11211/")
        }
        if let item = url.query.first(where: { !Self.djangoOnly.contains($0.name) }) {
            throw MemcachedError(.options, "\(location): a URL of Memcached has no option '\(item.name)'")
        }
    }

    /// One of the servers alone.
    func only(_ server: MemcachedServer) -> MemcachedOptions {
        var copy = self
        copy.servers = [server]
        copy.location = servers.count == 1 ? location : "memcached://\(server)/"
        return copy
    }
}
