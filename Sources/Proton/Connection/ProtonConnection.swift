import CProton
import CeleryCore
import Streams

/// A connection to a server, logged in and opened. Confined to the thread that created it; only `init` and `leave` block.
final class ProtonConnection: ConversationConnection {
    private let options: ProtonOptions
    private(set) var server = ProtonServer(properties: .null)
    private let socket: SecureSocket
    private let engine: UnsafeMutableRawPointer
    private var receivedRest: [UInt8]
    private var event = celery_proton_event()
    /// When the engine has to look at the clock again, in its milliseconds; 0 for never.
    private var nextTick: Int64 = 0

    private static let epoch = ContinuousClock.now
    /// Bytes of the largest message that is read: half a gigabyte.
    private static let longestMessage = 512 << 20

    /// Connects, logs in and opens. Blocks, for at most `connectTimeout` before and after the TCP connection is made.
    ///
    /// - Parameter onSocket: Receives the descriptor, so that another thread can shut the socket down; -1 after a failure.
    init(_ options: ProtonOptions, onSocket: (Int32) -> Void) throws(ProtonError) {
        self.options = options
        if let reason = celery_proton_load() {
            throw ProtonError(.engineMissing, "cannot load libqpid-proton: \(String(cString: reason))")
        }
        let socket: SecureSocket
        do throws(StreamError) {
            let deadline = ContinuousClock.now + options.connectTimeout
            socket = SecureSocket(try StreamSocket.connected(toHost: options.host, port: options.port, until: deadline))
        } catch {
            throw Self.opening(ProtonError(error), options)
        }
        onSocket(socket.descriptor)
        self.socket = socket
        let deadline = ContinuousClock.now + options.connectTimeout
        do throws(ProtonError) {
            if let tls = options.tls {
                do throws(StreamError) { try socket.encrypt(tls, host: options.host, until: deadline) } catch { throw ProtonError(error) }
            }
            receivedRest = try Self.logIn(socket, options, until: deadline)
            let silence = options.silence.components
            // The engine tells the server half of it.
            let milliseconds = UInt32(clamping: silence.seconds * 1_000 + silence.attoseconds / 1_000_000_000_000_000)
            guard let engine = celery_proton_open("celery-\(TaskID())", options.hostname, milliseconds) else {
                throw ProtonError(.unreachable, "out of memory")
            }
            self.engine = engine
        } catch {
            onSocket(-1)
            throw Self.opening(error, options)
        }
        do throws(ProtonError) { try open(until: deadline) } catch {
            onSocket(-1)
            throw Self.opening(error, options)
        }
    }

    deinit { celery_proton_free(engine) }

    private static func opening(_ error: ProtonError, _ options: ProtonOptions) -> ProtonError {
        var reason = error.whileConnecting(to: options.location, secureScheme: options.tls == nil ? "amqps10" : nil)
        if error.code == .options { reason.message = error.message }
        return reason
    }

    private static func logIn(_ socket: SecureSocket, _ options: ProtonOptions, until deadline: ContinuousClock.Instant) throws(ProtonError) -> [UInt8] {
        var login = ProtonLogin(options)
        while true {
            do throws(StreamError) { try socket.add(login.takeOutput()) } catch { throw ProtonError(error) }
            var problem: ProtonError?
            let end = socket.exchange { bytes in
                guard problem == nil else { return }
                do throws(ProtonError) { try login.give(bytes) } catch { problem = error }
            }
            if let problem { throw problem }
            if login.isDone { return login.takeRest() }
            let answer = login.takeOutput()
            if !answer.isEmpty {
                do throws(StreamError) { try socket.add(answer) } catch { throw ProtonError(error) }
                continue
            }
            if let end { throw ProtonError(end) }
            guard socket.wait(until: deadline) else { throw ProtonError(.unreachable, "it accepts connections but does not answer") }
        }
    }

    private func open(until deadline: ContinuousClock.Instant) throws(ProtonError) {
        receivedRest.withUnsafeBytes { bytes in if let base = bytes.baseAddress { celery_proton_give(engine, base, bytes.count) } }
        receivedRest = []
        var isOpen = false
        while !isOpen {
            try exchange { (event) throws(ProtonError) in isOpen = isOpen || event.kind == CELERY_PROTON_OPENED }
            guard isOpen || socket.wait(until: deadline) else {
                throw ProtonError(.unreachable, "it takes the login but does not open the connection")
            }
        }
        var bytes = [UInt8](repeating: 0, count: celery_proton_properties(engine, nil, 0))
        let count = celery_proton_properties(engine, &bytes, bytes.count)
        var decoder = ProtonDecoder(bytes.prefix(count))
        server = ProtonServer(properties: (try? decoder.next()) ?? .null)
    }

    var descriptor: Int32 { socket.descriptor }
    var wantsToSend: Bool { socket.wantsToSend }
    var location: String { options.location }

    /// Sends and receives as much as is possible at once, and tells what happened.
    ///
    /// - Throws: At the end of the connection, once all that came before it has been told.
    func exchange(_ take: (celery_proton_event) throws(ProtonError) -> Void) throws(ProtonError) {
        try pass()
        let end = socket.exchange { bytes in if let base = bytes.baseAddress { celery_proton_give(engine, base, bytes.count) } }
        nextTick = celery_proton_tick(engine, Self.milliseconds)
        while true {
            celery_proton_next(engine, &event)
            switch event.kind {
            case CELERY_PROTON_NOTHING:
                try pass()
                if let end { throw ProtonError(end) }
                return
            case CELERY_PROTON_CLOSED: throw closing
            default: try take(event)
            }
        }
    }

    private var closing: ProtonError {
        let (condition, text) = Self.texts(of: event)
        guard !condition.isEmpty else { return ProtonError(.lost, "the server closed the connection") }
        // What the engine finds has names of the protocol, too: a frame that is none, or silence.
        if condition == "amqp:resource-limit-exceeded", text.contains(text: "idle") {
            return ProtonError(.lost, "the server at \(location) is silent")
        }
        if condition == "amqp:connection:framing-error" || condition == "amqp:decode-error" {
            return ProtonError(.malformed, "what it sends is not AMQP 1.0: \(text.inOneLine(limit: 200))")
        }
        var error = ProtonError(condition: condition, text, other: .lost)
        if error.code == .missing || error.code == .conflict { error.code = .refused }
        return error
    }

    /// The condition and the description of an event.
    static func texts(of event: celery_proton_event) -> (condition: String, description: String) {
        func text<Bytes>(_ bytes: Bytes) -> String {
            withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return (text(event.condition), text(event.description))
    }

    /// Hands the engine's bytes to the socket.
    private func pass() throws(ProtonError) {
        while true {
            var size = 0
            guard let bytes = celery_proton_pending(engine, &size), size > 0 else { return }
            let copy = Array(UnsafeRawBufferPointer(start: bytes, count: size))
            do throws(StreamError) {
                try socket.add(copy)
                try socket.flush()
            } catch {
                throw ProtonError(error)
            }
            celery_proton_sent(engine, size)
        }
    }

    /// The message of the last event. Throws for one that is too long.
    func read(_ event: celery_proton_event) throws(ProtonError) -> [UInt8] {
        guard event.size <= Self.longestMessage else { throw ProtonError(.malformed, "a message has \(event.size) bytes") }
        var bytes = [UInt8](repeating: 0, count: event.size)
        guard celery_proton_read(engine, &bytes, bytes.count) == 0 else { throw ProtonError(.lost, "a message cannot be read") }
        return bytes
    }

    /// Attaches a link; `nil` for lack of memory.
    func attach(_ number: Int64, _ node: ProtonNode, address: String, isSender: Bool, isCopying: Bool = false) -> UnsafeMutableRawPointer? {
        address.withCString { address in
            func attach(_ capability: UnsafePointer<CChar>?) -> UnsafeMutableRawPointer? {
                var terms = celery_proton_terms(
                    number: number, address: address, capability: capability, is_sender: isSender ? 1 : 0,
                    is_durable: node.isDurable ? 1 : 0, is_copying: isCopying ? 1 : 0)
                return celery_proton_attach(engine, &terms)
            }
            guard let capability = node.capability else { return attach(nil) }
            return capability.withCString { attach($0) }
        }
    }

    private static var milliseconds: Int64 {
        let (seconds, attoseconds) = epoch.duration(to: .now).components
        // Never 0, which the engine takes for no time.
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1
    }

    /// When `exchange` has to be called again although nothing comes.
    var nextTurn: ContinuousClock.Instant {
        nextTick > 0 ? Self.epoch + .milliseconds(nextTick) : ContinuousClock.now + .seconds(3_600)
    }

    /// Takes leave, so that the server has read all that was sent. Blocks until it confirms that, or until the deadline.
    func leave(until deadline: ContinuousClock.Instant, onSocket: (Int32) -> Void) {
        celery_proton_close(engine)
        // What still comes goes back to its queue. The end comes as an error.
        while (try? exchange { (_) throws(ProtonError) in }) != nil, socket.wait(until: deadline) {}
        close(onSocket: onSocket)
    }

    func close(onSocket: (Int32) -> Void) {
        socket.end()
        onSocket(-1)
    }
}
