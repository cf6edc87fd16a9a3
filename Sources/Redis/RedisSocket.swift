import Streams

/// The socket of a connection to Redis: its errors are those of Redis. Confined to one thread.
final class RedisSocket {
    private let socket: SecureSocket

    private init(_ socket: SecureSocket) { self.socket = socket }

    /// Connects. Blocks; looking up the name of a host has no time limit but that of the resolver.
    ///
    /// - Throws: `unreachable`; `options` for a path that is too long.
    static func connected(to options: RedisOptions, until deadline: ContinuousClock.Instant) throws(RedisError) -> RedisSocket {
        try translating { () throws(StreamError) in
            if let path = options.socketPath { return RedisSocket(SecureSocket(try StreamSocket.connected(toPath: path, until: deadline))) }
            return RedisSocket(SecureSocket(try StreamSocket.connected(toHost: options.host, port: options.port, until: deadline)))
        }
    }

    private static func translating<Value>(_ body: () throws(StreamError) -> Value) throws(RedisError) -> Value {
        do throws(StreamError) { return try body() } catch { throw RedisError(error) }
    }

    var descriptor: Int32 { socket.descriptor }
    var wantsToSend: Bool { socket.wantsToSend }

    /// Adds bytes to what is to be sent.
    func add(_ bytes: [UInt8]) throws(RedisError) { try Self.translating { () throws(StreamError) in try socket.add(bytes) } }

    var lastHeard: ContinuousClock.Instant {
        get { socket.lastHeard }
        set { socket.lastHeard = newValue }
    }

    /// Sends and receives as much as is possible at once.
    ///
    /// - Returns: Why the connection has ended.
    func exchange(_ take: (UnsafeRawBufferPointer) -> Void) -> RedisError? { socket.exchange(take).map { RedisError($0) } }

    /// Encrypts the connection. Blocks until the handshake is over.
    func encrypt(_ tls: TLSTerms, host: String, until deadline: ContinuousClock.Instant) throws(RedisError) {
        try Self.translating { () throws(StreamError) in try socket.encrypt(tls, host: host, until: deadline) }
    }

    /// Blocks until the server has sent something, or takes more.
    ///
    /// - Throws: `late` at the deadline.
    func wait(until deadline: ContinuousClock.Instant, or late: RedisError) throws(RedisError) {
        guard socket.wait(until: deadline) else { throw late }
    }

    /// Says goodbye to an encrypted connection.
    func end() { socket.end() }
}
