// Memcached as a client, by its text protocol; no library.
//
//     MemcachedLink         the servers, among which keys are shared as Python's client shares them (ServerChoice)
//       CommandLink         one thread and connection for each server (Streams)
//         MemcachedConnection   a connection, confined to its thread
//           MemcachedDecoder    bytes of the server -> MemcachedReply

import Streams

/// A connection to a server. Confined to the thread that created it; only `init` blocks.
final class MemcachedConnection: CommandConnection {
    private let options: MemcachedOptions
    private let socket: SecureSocket
    private var decoder = MemcachedDecoder()

    /// Connects, encrypted if the options say so, and asks for the server's version: a server that does not tell its version is not
    /// Memcached. Blocks, for at most `connectTimeout` before and after the TCP connection is made.
    init(_ options: MemcachedOptions, onSocket: (Int32) -> Void) throws(MemcachedError) {
        self.options = options
        do throws(StreamError) {
            let server = options.servers[0]
            let deadline = ContinuousClock.now + options.connectTimeout
            socket =
                if let path = server.socketPath {
                    SecureSocket(try StreamSocket.connected(toPath: path, until: deadline))
                } else {
                    SecureSocket(try StreamSocket.connected(toHost: server.host, port: server.port, until: deadline))
                }
        } catch {
            throw Self.opening(MemcachedError(error), options)
        }
        onSocket(socket.descriptor)
        do throws(MemcachedError) {
            let deadline = ContinuousClock.now + options.connectTimeout
            if let tls = options.tls {
                do throws(StreamError) { try socket.encrypt(tls, host: options.servers[0].host, until: deadline) } catch { throw MemcachedError(error) }
            }
            try greet(until: deadline)
        } catch {
            onSocket(-1)
            throw Self.opening(error, options)
        }
    }

    private static func opening(_ error: MemcachedError, _ options: MemcachedOptions) -> MemcachedError {
        let mayNeedTLS = options.tls == nil && options.servers[0].socketPath == nil
        return error.whileConnecting(to: options.location, secureScheme: mayNeedTLS ? "cache+memcacheds" : nil)
    }

    private func greet(until deadline: ContinuousClock.Instant) throws(MemcachedError) {
        try add([.version])
        var answer: MemcachedReply?
        while answer == nil {
            try exchange { answer = answer ?? $0 }
            if answer == nil, !socket.wait(until: deadline) {
                throw MemcachedError(.unreachable, "it accepts connections but does not answer")
            }
        }
        switch answer {
        case .word(let word) where word.hasPrefix("VERSION"): break
        case .error(let text): throw MemcachedError(reply: text, to: "the connection")
        default: throw MemcachedError(.malformed, "it does not tell the version of Memcached")
        }
    }

    var descriptor: Int32 { socket.descriptor }
    var wantsToSend: Bool { socket.wantsToSend }
    var answerTimeout: Duration { options.answerTimeout }
    var location: String { options.location }
    var lastHeard: ContinuousClock.Instant {
        get { socket.lastHeard }
        set { socket.lastHeard = newValue }
    }

    func add(_ commands: [MemcachedCommand]) throws(MemcachedError) {
        var bytes: [UInt8] = []
        for command in commands { command.encode(to: &bytes) }
        do throws(StreamError) { try socket.add(bytes) } catch { throw MemcachedError(error) }
    }

    func exchange(_ take: (MemcachedReply) throws(MemcachedError) -> Void) throws(MemcachedError) {
        let end = socket.exchange { decoder.feed($0) }
        var hasTaken = false
        while let reply = try next() {
            hasTaken = true
            try take(reply)
        }
        // Otherwise the next call meets the same end.
        if let end, !hasTaken { throw MemcachedError(end) }
    }

    private func next() throws(MemcachedError) -> MemcachedReply? {
        do throws(MemcachedReplyFault) {
            return try decoder.next()
        } catch {
            throw MemcachedError(.malformed, "it does not speak the text protocol of Memcached: \(error)")
        }
    }

    func reason(ofUnasked reply: MemcachedReply) -> MemcachedError {
        // `ERROR Too many open connections`, before the connection is closed.
        if case .error(let text) = reply { return MemcachedError(reply: text, to: "the connection") }
        return MemcachedError(.malformed, "it sent a reply to nothing")
    }

    func close(onSocket: (Int32) -> Void) {
        socket.end()
        onSocket(-1)
    }
}
