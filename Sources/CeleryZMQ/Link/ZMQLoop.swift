import CeleryCore
import Streams
import ZeroMQ

/// The main loop of the thread of a `ZMQLink`.
///
/// A socket of ours has one connection and ends with it: ZeroMQ would make the next one silently, and send what had been waiting long
/// after its sender was told that it was lost.
final class ZMQLoop {
    /// A connection, from the first attempt.
    private struct Connection {
        let socket: ZMQSocket
        let monitor: ZMQSocket
        /// Until when the server has to answer the hello; `nil` once it has.
        var deadline: ContinuousClock.Instant?
        var isReady: Bool { deadline == nil }
    }

    private let options: ZMQOptions
    private let core: LoopCore<ZMQJob>
    private let noteRole: (BrokerRole?) -> Void
    private var context: ZMQContext?
    private var connection: Connection?
    /// Requests that were sent, by number.
    private var sent: [UInt64: ZMQExchange] = [:]
    /// Requests that wait for the hello or for room.
    private var held: [ZMQExchange] = []
    /// Why the last attempt to connect failed, and until when not to try again.
    private var refusal: (error: DriverError, until: ContinuousClock.Instant)?

    /// The number of the hello.
    private static let hello: UInt64 = 0

    init(_ options: ZMQOptions, _ core: LoopCore<ZMQJob>, noteRole: @escaping (BrokerRole?) -> Void) {
        (self.options, self.core, self.noteRole) = (options, core, noteRole)
    }

    func run() {
        while true {
            let (jobs, isClosing) = core.takeJobs()
            for job in jobs { take(job) }
            if isClosing { break }
            serve()
            ZMQSocket.wait(for: connection.map { [$0.socket, $0.monitor] } ?? [], core.signal, pause)
        }
        drop(DriverError(.unreachable, "the connection to \(options.location) was closed"))
    }

    private func take(_ job: ZMQJob) {
        switch job {
        case .ask(let exchange):
            do throws(DriverError) {
                try connect()
                held.append(exchange)
            } catch {
                exchange.end(.failure(ZMQLoss(error: error, wasSent: false)))
            }
        case .cancel(let number):
            if let index = held.firstIndex(where: { $0.number == number }) {
                held.remove(at: index).end(.failure(ZMQLoss(error: DriverError(.tryAgain, "interrupted"), wasSent: false)))
            } else if sent[number] != nil {
                connection?.socket.send([Packer.bytes(of: RequestEnvelope(number: number, verb: "", place: "", body: []))])
            }
        }
    }

    private func connect() throws(DriverError) {
        guard connection == nil else { return }
        // What was asked for during a failed attempt, or just after it, gets the same error without another attempt.
        if let refusal, .now < refusal.until { throw refusal.error }
        let keys = try options.keys()
        do throws(ZMQError) {
            let context: ZMQContext
            if let known = self.context { context = known } else { context = try ZMQContext() }
            self.context = context
            let socket = try context.open(.dealer)
            socket.limit(bytes: WireBounds.messageBytes, messages: 2 * WireBounds.requests)
            socket.watchPeers(every: WireBounds.heartbeat, patience: WireBounds.patience)
            socket.connectOnce(within: options.connectTimeout)
            if let keys, let serverKey = options.serverKey { try socket.encrypt(with: keys, to: serverKey) }
            let monitor = try socket.monitor()
            try socket.connect(to: options.address)
            connection = Connection(socket: socket, monitor: monitor, deadline: .now + options.connectTimeout)
            socket.send([Packer.bytes(of: RequestEnvelope(number: Self.hello, verb: Verbs.hello.name, place: "", body: Packer.bytes(of: Hello())))])
        } catch {
            throw error.code == .address ? DriverError(.unreachable, "cannot reach broker \(options.location): \(error.message)") : DriverError(error)
        }
    }

    /// Sends what may be sent, and reads what has come.
    private func serve() {
        // A server that stopped and one that refuses look the same to those who read the answers first.
        while let event = connection?.monitor.event() { note(event) }
        while let message = connection?.socket.receive() {
            guard let bytes = message.parts.first, let reply = try? Unpacker.value(ReplyEnvelope.self, of: bytes) else {
                return drop(DriverError(.unusable, "\(options.location) does not speak the protocol of celery broker"))
            }
            if reply.number == Self.hello { welcome(reply) } else { sent.removeValue(forKey: reply.number)?.end(.success(reply)) }
        }
        if let deadline = connection?.deadline, deadline <= .now {
            drop(DriverError(.unreachable, "cannot reach broker \(options.location): it does not answer", hint: Self.hint))
        }
        send()
    }

    private func send() {
        guard let connection, connection.isReady else { return }
        while !held.isEmpty, sent.count < WireBounds.requests, connection.socket.send([held[0].bytes]) {
            let exchange = held.removeFirst()
            sent[exchange.number] = exchange
        }
    }

    /// Reads the answer to our hello.
    private func welcome(_ reply: ReplyEnvelope) {
        if reply.status == .failed, let error = try? Unpacker.value(DriverError.self, of: reply.body) { return drop(error) }
        guard reply.status == .done, let hello = try? Unpacker.value(Hello.self, of: reply.body), hello.number == Hello.protocolNumber else {
            return drop(
                DriverError(
                    .unusable, "the broker at \(options.location) speaks another edition of the protocol than this celery (\(Hello.protocolNumber))",
                    hint: "run the same version of celery on both machines"))
        }
        connection?.deadline = nil
        noteRole(hello.role)
    }

    private func note(_ event: ZMQSocket.Event) {
        switch event {
        case .connected: break
        case .refused:
            drop(
                DriverError(
                    .noPermission, "broker \(options.location) does not know the key in \(options.keyFile)",
                    hint: "add its public key to the allow list of the broker; 'celery broker --keygen \(options.keyFile)' prints it"))
        case .mismatched:
            drop(
                DriverError(
                    .noPermission,
                    options.serverKey == nil
                        ? "broker \(options.location) takes no plain connections" : "broker \(options.location) takes plain connections only",
                    hint: Self.keyHint))
        case .unfinished:
            // A broker that has just died looks like one with another key.
            drop(DriverError(.unreachable, "cannot reach broker \(options.location): it ended the connection at once", hint: Self.keyHint))
        case .ended:
            drop(
                connection?.isReady == true
                    ? DriverError(.unreachable, "the connection to broker \(options.location) was lost")
                    : DriverError(.unreachable, "cannot reach broker \(options.location): connection refused", hint: Self.hint))
        }
    }

    private static let keyHint = "use the URL that celery broker prints when it starts"
    private static let hint = "start it with 'celery broker', or name another broker with --broker URL"

    /// Ends the connection, and with it all requests.
    private func drop(_ error: DriverError) {
        if connection?.isReady != true { refusal = (error, .now + .milliseconds(50)) }
        connection = nil
        let (unsent, lost) = (held, sent)
        (held, sent) = ([], [:])
        for exchange in lost.values { exchange.end(.failure(ZMQLoss(error: error, wasSent: true))) }
        for exchange in unsent { exchange.end(.failure(ZMQLoss(error: error, wasSent: false))) }
    }

    /// How long the thread may sleep.
    private var pause: Duration {
        if let deadline = connection?.deadline { return max(.zero, ContinuousClock.now.duration(to: deadline)) }
        // ZeroMQ does not tell when there is room again.
        return !held.isEmpty && sent.count < WireBounds.requests && connection != nil ? .milliseconds(5) : .seconds(3_600)
    }
}
