import CeleryCore
import Streams

/// A connection to a server, logged in. Confined to the thread that created it; only `init` and `leave` block.
final class STOMPConnection: ConversationConnection {
    private let options: STOMPOptions
    let server: STOMPServer
    private let socket: SecureSocket
    private var decoder = STOMPDecoder()
    /// How often the server gets a sign of life; `nil` if it wants none.
    private let beatInterval: Duration?
    private var lastSent = ContinuousClock.now
    /// Whether the server has to be asked for signs of life, because it gives none by itself.
    private let needsQuestions: Bool
    private var nextQuestion: ContinuousClock.Instant

    /// Milliseconds between the server's signs of life, as wished: three fit into the longest silence.
    private static let interval = 2_500
    /// Milliseconds after which the server may take this side for dead: four signs of life fit in, for a busy machine is late
    /// with them. ActiveMQ does so at once, RabbitMQ after two to three times as long.
    private static let promise = 4_000
    private static let questionInterval: Duration = .milliseconds(interval)

    /// Connects and logs in. Blocks, for at most `connectTimeout` before and after the TCP connection is made.
    ///
    /// - Parameter onSocket: Receives the descriptor, so that another thread can shut the socket down; -1 after a failure.
    init(_ options: STOMPOptions, onSocket: (Int32) -> Void) throws(STOMPError) {
        self.options = options
        let socket: SecureSocket
        do throws(StreamError) {
            let deadline = ContinuousClock.now + options.connectTimeout
            socket = SecureSocket(try StreamSocket.connected(toHost: options.host, port: options.port, until: deadline))
        } catch {
            throw Self.opening(STOMPError(error), options)
        }
        onSocket(socket.descriptor)
        self.socket = socket
        do throws(STOMPError) {
            let deadline = ContinuousClock.now + options.connectTimeout
            if let tls = options.tls {
                do throws(StreamError) { try socket.encrypt(tls, host: options.host, until: deadline) } catch { throw STOMPError(error) }
            }
            let greeting = try Self.logIn(socket, &decoder, options, until: deadline)
            server = STOMPServer(header: greeting["server"])
            let beats = (greeting["heart-beat"] ?? "").split(separator: ",").map { Int($0) ?? 0 }
            // What the server can do and what it wants; each side goes by the slower of the two.
            let (sends, wants) = beats.count == 2 ? (beats[0], beats[1]) : (0, 0)
            beatInterval = wants > 0 ? .milliseconds(max(wants, Self.promise) / 4) : nil
            needsQuestions = sends <= 0 || Duration.milliseconds(sends) * 2 > options.silence
        } catch {
            onSocket(-1)
            throw Self.opening(error, options)
        }
        nextQuestion = .now + Self.questionInterval
    }

    private static func opening(_ error: STOMPError, _ options: STOMPOptions) -> STOMPError {
        guard error.code != .options else { return error }
        var reason = error.whileConnecting(to: options.location, secureScheme: options.tls == nil ? "stomp+ssl" : nil)
        if error.code == .refused { reason.code = .denied }
        return reason
    }

    private static func logIn(
        _ socket: SecureSocket, _ decoder: inout STOMPDecoder, _ options: STOMPOptions, until deadline: ContinuousClock.Instant
    ) throws(STOMPError) -> STOMPFrame {
        var headers = [
            STOMPFrame.Header("accept-version", "1.2"), STOMPFrame.Header("host", options.virtualHost),
            STOMPFrame.Header("heart-beat", "\(promise),\(interval)"),
        ]
        if let user = options.user { headers.append(STOMPFrame.Header("login", user)) }
        if let password = options.password { headers.append(STOMPFrame.Header("passcode", password)) }
        var bytes: [UInt8] = []
        try STOMPFrame("CONNECT", headers).encode(to: &bytes)
        do throws(StreamError) { try socket.add(bytes) } catch { throw STOMPError(error) }
        while true {
            let end = socket.exchange { decoder.feed($0) }
            if let answer = try next(&decoder) {
                guard answer.command == "CONNECTED" else {
                    if answer.command == "ERROR" { throw STOMPError(answer: answer) }
                    throw STOMPError(.malformed, "it does not speak STOMP")
                }
                guard answer["version"] == "1.2" else {
                    throw STOMPError(.malformed, "it speaks STOMP \((answer["version"] ?? "1.0").forLog), and 1.2 is needed")
                }
                return answer
            }
            if let end { throw STOMPError(end) }
            guard socket.wait(until: deadline) else { throw STOMPError(.unreachable, "it accepts connections but does not answer") }
        }
    }

    private static func next(_ decoder: inout STOMPDecoder) throws(STOMPError) -> STOMPFrame? {
        do throws(STOMPDecoder.Fault) {
            return try decoder.next()
        } catch {
            throw STOMPError(.malformed, "it does not speak STOMP: \(error)")
        }
    }

    var descriptor: Int32 { socket.descriptor }
    var wantsToSend: Bool { socket.wantsToSend }
    var location: String { options.location }

    /// Adds encoded frames to what is to be sent by `exchange`.
    func add(_ bytes: [UInt8]) throws(STOMPError) {
        do throws(StreamError) { try socket.add(bytes) } catch { throw STOMPError(error) }
        lastSent = .now
    }

    /// Sends and receives as much as is possible at once.
    ///
    /// - Throws: At the end of the connection, once all frames that came before it have been taken.
    func exchange(_ take: (STOMPFrame) throws(STOMPError) -> Void) throws(STOMPError) {
        let end = socket.exchange { decoder.feed($0) }
        var hasTaken = false
        while let frame = try Self.next(&decoder) {
            hasTaken = true
            try take(frame)
        }
        // Otherwise the next call meets the same end.
        if let end, !hasTaken { throw STOMPError(end) }
    }

    /// Shows the server that this side is alive, and asks whether it is.
    ///
    /// - Throws: `lost` when the server has been silent for too long.
    func keepAlive() throws(STOMPError) {
        let now = ContinuousClock.now
        if socket.lastHeard + options.silence <= now { throw STOMPError(.lost, "the server at \(location) is silent") }
        if let beatInterval, lastSent + beatInterval <= now, !wantsToSend { try add([STOMPFrame.lineFeed]) }
        if needsQuestions, nextQuestion <= now {
            nextQuestion = now + Self.questionInterval
            try add(Self.question)
        }
    }

    /// A transaction of nothing, whose end the server confirms.
    private static let question: [UInt8] = {
        var bytes: [UInt8] = []
        let name = STOMPFrame.Header("transaction", "alive")
        try? STOMPFrame("BEGIN", [name]).encode(to: &bytes)
        try? STOMPFrame("ABORT", [name, STOMPFrame.Header("receipt", "alive")]).encode(to: &bytes)
        return bytes
    }()

    /// When `keepAlive` has to be called again.
    var nextTurn: ContinuousClock.Instant {
        var next = socket.lastHeard + options.silence
        // While the server takes nothing it gets no sign of life either.
        if let beatInterval, !wantsToSend { next = min(next, lastSent + beatInterval) }
        return needsQuestions ? min(next, nextQuestion) : next
    }

    /// Takes leave, so that the server has read all that was sent. Blocks until it confirms that, or until the deadline.
    func leave(until deadline: ContinuousClock.Instant, onSocket: (Int32) -> Void) {
        var bytes: [UInt8] = []
        try? STOMPFrame("DISCONNECT", [STOMPFrame.Header("receipt", "end")]).encode(to: &bytes)
        if (try? add(bytes)) != nil {
            var isConfirmed = false
            // What still comes goes back to its queue.
            while !isConfirmed, (try? exchange { isConfirmed = isConfirmed || $0["receipt-id"] == "end" }) != nil, !isConfirmed {
                guard socket.wait(until: deadline) else { break }
            }
        }
        close(onSocket: onSocket)
    }

    func close(onSocket: (Int32) -> Void) {
        socket.end()
        onSocket(-1)
    }
}
