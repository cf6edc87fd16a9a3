// MongoDB as a client, by its wire protocol; no library but libssl, and that only for TLS.
//
//     MongoLink             the way of commands to the server or set
//       CommandLink         one thread and connection (Streams)
//         MongoConnection   a connection to the server that takes writes, confined to its thread
//           MongoGreeting   how it begins: hello, and the login by SCRAM
//           MongoWire       commands and answers on a socket: MongoMessage, BSONEncoder, BSONDecoder
//
// libmongoc, MongoDB's client in C, does much more: pools, monitoring of every server of a set on threads of its own, and texts in a
// format of its own (bson_t) on the way. Results need one connection, six commands and documents of one form; and a client of our
// own is tested byte by byte against a server of the tests' own, notices a dead connection by the same rule as those of Redis and
// Memcached, and needs nothing installed.

import CeleryCore
import Streams

/// A connection to a server that takes writes. Confined to the thread that created it; only `init` blocks.
final class MongoConnection: CommandConnection {
    private let options: MongoOptions
    private let wire: MongoWire

    /// Connects to the first server that takes writes, and logs in. Blocks, for at most `connectTimeout` before and after the TCP
    /// connection with each server is made.
    init(_ options: MongoOptions, onSocket: (Int32) -> Void) throws(MongoError) {
        self.options = options
        do throws(MongoError) {
            wire = try Self.open(options, onSocket)
        } catch {
            onSocket(-1)
            throw error.whileConnecting(to: options.location)
        }
    }

    private static func open(_ options: MongoOptions, _ onSocket: (Int32) -> Void) throws(MongoError) -> MongoWire {
        var rest = options.servers
        var tried: Set<MongoOptions.Server> = []
        var failure = MongoError(.unreachable, "none of its servers takes writes: there is no primary")
        while !rest.isEmpty {
            let server = rest.removeFirst()
            guard tried.insert(server).inserted else { continue }
            do throws(MongoError) {
                let wire = try connect(to: server, options)
                onSocket(wire.descriptor)
                let greeting = MongoGreeting(options: options, wire: wire, deadline: .now + options.connectTimeout)
                let host = try greeting.host()
                guard host.takesWrites else {
                    // One that the server knows comes before those that may be gone.
                    if let primary = host.primary, !options.isDirect, primary != server { rest.insert(primary, at: 0) }
                    continue
                }
                try greeting.login(host.mechanisms)
                return wire
            } catch {
                // Others of a set would say the same.
                guard [.unreachable, .lost, .tls].contains(error.code) else { throw error }
                failure = error
                if options.servers.count > 1 { failure.message = "\(server): \(error.message)" }
            }
        }
        throw failure
    }

    private static func connect(to server: MongoOptions.Server, _ options: MongoOptions) throws(MongoError) -> MongoWire {
        let deadline = ContinuousClock.now + options.connectTimeout
        do throws(StreamError) {
            let socket = SecureSocket(try StreamSocket.connected(toHost: server.host, port: server.port, until: deadline))
            if let tls = options.tls { try socket.encrypt(tls, host: server.host, until: deadline) }
            return MongoWire(socket)
        } catch {
            throw MongoError(error)
        }
    }

    var descriptor: Int32 { wire.descriptor }
    var wantsToSend: Bool { wire.wantsToSend }
    var answerTimeout: Duration { options.answerTimeout }
    var location: String { options.location }
    var lastHeard: ContinuousClock.Instant {
        get { wire.lastHeard }
        set { wire.lastHeard = newValue }
    }

    func add(_ commands: [BSONDocument]) throws(MongoError) { try wire.add(commands) }

    func exchange(_ take: (BSONDocument) throws(MongoError) -> Void) throws(MongoError) {
        try wire.exchange { (answer) throws(MongoError) in
            if let loss = Self.loss(answer) { throw loss }
            try take(answer)
        }
    }

    /// Why this server cannot be used any longer, though it answers: it has stepped down, or is about to end.
    private static func loss(_ answer: BSONDocument) -> MongoError? {
        let failures = [answer, answer["writeConcernError"]?.document].compactMap { $0 } + (answer["writeErrors"]?.array ?? []).compactMap(\.document)
        for failure in failures where failure["code"]?.integer.map(MongoError.code(of:)) == .lost {
            return MongoError(.lost, "the server takes no writes any more: \((failure["errmsg"]?.string ?? "").inOneLine(limit: 200))")
        }
        return nil
    }

    func reason(ofUnasked reply: BSONDocument) -> MongoError { MongoError(.malformed, "it answers what nobody asked") }

    func close(onSocket: (Int32) -> Void) {
        wire.end()
        onSocket(-1)
    }
}
