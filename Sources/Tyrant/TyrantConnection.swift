// Tokyo Tyrant as a client, by its binary protocol; no library.
//
//     TyrantLink            the way of commands to the server
//       CommandLink         one thread and connection (Streams)
//         TyrantConnection  a connection, confined to its thread
//           TyrantDecoder   bytes of the server -> TyrantReply

import CeleryCore
import DequeModule
import Streams

/// A connection to a server. Confined to the thread that created it; only `init` blocks.
final class TyrantConnection: CommandConnection {
    private let options: TyrantOptions
    private let socket: SecureSocket
    private var decoder = TyrantDecoder()
    /// The forms of the replies that the server owes, in the order of the commands.
    private var owed: Deque<TyrantReply.Shape> = []

    /// Connects, and asks what the server is. Blocks, for at most `connectTimeout` before and after the TCP connection is made.
    init(_ options: TyrantOptions, onSocket: (Int32) -> Void) throws(TyrantError) {
        self.options = options
        do throws(StreamError) {
            socket = SecureSocket(
                try StreamSocket.connected(toHost: options.host, port: options.port, until: ContinuousClock.now + options.connectTimeout))
        } catch {
            throw TyrantError(error).whileConnecting(to: options.location)
        }
        onSocket(socket.descriptor)
        do throws(TyrantError) {
            try greet(until: .now + options.connectTimeout)
        } catch {
            onSocket(-1)
            throw error.whileConnecting(to: options.location)
        }
    }

    /// Kinds of databases, as `stat` names them, whose keys are numbers or whose values are tables of columns.
    private static let unsuitable = ["fixed-length", "table", "void"]

    private func greet(until deadline: ContinuousClock.Instant) throws(TyrantError) {
        try add([.status])
        var answer: TyrantReply?
        while answer == nil {
            try exchange { answer = answer ?? $0 }
            if answer == nil, !socket.wait(until: deadline) {
                throw TyrantError(.unreachable, "it accepts connections but does not answer")
            }
        }
        guard case .text(let text)? = answer else { throw TyrantError(.malformed, "it does not tell what it is") }
        // A server may be told not to tell.
        let facts = text.split(separator: "\n").map { $0.split(separator: "\t", maxSplits: 1) }
        guard text.isEmpty || facts.contains(where: { $0.first == "version" }) else {
            throw TyrantError(.malformed, "it does not tell the version of Tokyo Tyrant")
        }
        if let type = facts.first(where: { $0.count == 2 && $0[0] == "type" })?[1], Self.unsuitable.contains(String(type)) {
            throw TyrantError(.unsuitable, "its database is of the kind '\(type)', which cannot keep results")
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

    func add(_ commands: [TyrantCommand]) throws(TyrantError) {
        var bytes: [UInt8] = []
        for command in commands {
            command.encode(to: &bytes)
            owed.append(command.shape)
        }
        do throws(StreamError) { try socket.add(bytes) } catch { throw TyrantError(error) }
    }

    func exchange(_ take: (TyrantReply) throws(TyrantError) -> Void) throws(TyrantError) {
        let end = socket.exchange { decoder.feed($0) }
        var hasTaken = false
        while let shape = owed.first, let reply = try next(shape) {
            owed.removeFirst()
            hasTaken = true
            try take(reply)
        }
        if owed.isEmpty, !decoder.isEmpty { throw TyrantError(.malformed, "it sent a reply to nothing") }
        // Otherwise the next call meets the same end.
        if let end, !hasTaken { throw TyrantError(end) }
    }

    private func next(_ shape: TyrantReply.Shape) throws(TyrantError) -> TyrantReply? {
        do throws(TyrantReplyFault) {
            return try decoder.next(shape)
        } catch {
            throw TyrantError(.malformed, "it does not speak the protocol of Tokyo Tyrant: \(error)")
        }
    }

    func reason(ofUnasked reply: TyrantReply) -> TyrantError { TyrantError(.malformed, "it sent a reply to nothing") }

    func close(onSocket: (Int32) -> Void) { onSocket(-1) }
}
