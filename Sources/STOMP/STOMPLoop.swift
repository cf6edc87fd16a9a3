import CeleryCore
import Streams

/// The main loop of the thread of a `STOMPLink`.
final class STOMPLoop {
    /// Frames that are sent together, and who waits for their receipts.
    struct Request: Sendable {
        var frames: [STOMPFrame]
        /// The connection they belong to; `nil` for any, which is made if there is none.
        var generation: Int?
        var deadline: ContinuousClock.Instant
        /// Called once, on the thread.
        var end: @Sendable (Result<STOMPServer, STOMPError>) -> Void
    }

    private struct Pending {
        var request: Request
        /// How many receipts have not come.
        var open: Int
    }

    private let options: STOMPOptions
    private let listener: STOMPLink.Listener?
    private let core: LoopCore<Request>
    private var connection: STOMPConnection?
    /// Number of the connection; increases with each.
    private var generation = 0
    private var pending: [Int: Pending] = [:]
    /// Receipt -> number of its request.
    private var receipts: [Int: Int] = [:]
    private var lastNumber = 0
    private var lastReceipt = 0
    private var pauses = ReconnectPauses()
    /// Why the last attempt to connect failed, and until when not to try again.
    private var refusal: (error: STOMPError, until: ContinuousClock.Instant)?
    /// When the connection was made. One that ends soon is no sign of a healthy server.
    private var since = ContinuousClock.now

    init(_ options: STOMPOptions, _ listener: STOMPLink.Listener?, _ core: LoopCore<Request>) {
        self.options = options
        self.listener = listener
        self.core = core
    }

    func run() {
        while true {
            let (requests, isClosing) = core.takeJobs()
            for request in requests { begin(request) }
            if !isClosing, listener != nil, connection == nil, mayConnect { try? connect() }
            serve()
            if isClosing, pending.isEmpty { break }
            core.wait(for: connection?.descriptor ?? -1, wantsToSend: connection?.wantsToSend ?? false, pause)
        }
        connection?.leave(until: .now + .seconds(3), onSocket: core.setDescriptor)
    }

    private var mayConnect: Bool { refusal.map { $0.until <= .now } ?? true }

    private func begin(_ request: Request) {
        do throws(STOMPError) {
            if let generation = request.generation {
                guard connection != nil, generation == self.generation else { throw STOMPError(.lost, "the connection has ended meanwhile") }
            } else {
                try connect()
            }
        } catch {
            return request.end(.failure(error))
        }
        guard let connection else { return request.end(.failure(.closed)) }
        var bytes: [UInt8] = []
        var waits: [Int] = []
        do throws(STOMPError) {
            for var frame in request.frames {
                if frame.wantsReceipt {
                    lastReceipt += 1
                    waits.append(lastReceipt)
                    frame.headers.append(STOMPFrame.Header("receipt", String(lastReceipt)))
                }
                try frame.encode(to: &bytes)
            }
        } catch {
            return request.end(.failure(error))
        }
        do throws(STOMPError) {
            try connection.add(bytes)
        } catch {
            request.end(.failure(error))
            return drop(error)
        }
        guard !waits.isEmpty else { return request.end(.success(connection.server)) }
        lastNumber += 1
        for receipt in waits { receipts[receipt] = lastNumber }
        pending[lastNumber] = Pending(request: request, open: waits.count)
    }

    private func connect() throws(STOMPError) {
        guard connection == nil else { return }
        // What was asked for during a failed attempt gets the same error without another attempt.
        if let refusal, .now < refusal.until { throw refusal.error }
        do throws(STOMPError) {
            let connection = try STOMPConnection(options, onSocket: core.setDescriptor)
            generation += 1
            since = .now
            if let listener {
                var bytes: [UInt8] = []
                for frame in listener.connected(connection.server, generation) { try frame.encode(to: &bytes) }
                try connection.add(bytes)
            }
            refusal = nil
            self.connection = connection
        } catch {
            // A listener waits for longer and longer; others are told at once, and ask again if they want to.
            refusal = (error, .now + (listener == nil ? .milliseconds(50) : pauses.next()))
            listener?.lost(error)
            throw error
        }
    }

    private func serve() {
        guard let connection else { return }
        do throws(STOMPError) {
            try connection.exchange { (frame) throws(STOMPError) in try take(frame, connection) }
            try connection.keepAlive()
            try expire()
        } catch {
            drop(error)
        }
    }

    private func take(_ frame: STOMPFrame, _ connection: STOMPConnection) throws(STOMPError) {
        switch frame.command {
        case "MESSAGE": listener?.heard(frame, generation)
        case "RECEIPT":
            // That of a question has another name.
            guard let receipt = frame["receipt-id"].flatMap({ Int($0) }), let number = receipts.removeValue(forKey: receipt) else { return }
            pending[number]?.open -= 1
            if pending[number]?.open == 0 { pending.removeValue(forKey: number)?.request.end(.success(connection.server)) }
        case "ERROR":
            let error = STOMPError(answer: frame)
            // RabbitMQ does not say which frame it refuses; with one under way there is no doubt.
            let named = frame["receipt-id"].flatMap { Int($0) }.flatMap { receipts[$0] }
            if let number = named ?? (pending.count == 1 ? pending.keys.first : nil) {
                pending.removeValue(forKey: number)?.request.end(.failure(error))
            }
            // The server may go on or not; what else was under way is certain only on a new connection.
            throw STOMPError(.lost, error.message)
        default: throw STOMPError(.malformed, "it sent a frame that no client knows: \(frame.command.inOneLine(limit: 40))")
        }
    }

    /// Gives up what the server has not confirmed in time, and with it the connection: nobody would know what a late receipt is for.
    private func expire() throws(STOMPError) {
        let now = ContinuousClock.now
        let late = pending.filter { $0.value.request.deadline <= now }
        guard !late.isEmpty else { return }
        let error = STOMPError(.late, "the server at \(options.location) does not confirm in time")
        for (number, each) in late {
            pending[number] = nil
            each.request.end(.failure(error))
        }
        throw STOMPError(.lost, error.message)
    }

    /// How long the thread may sleep.
    private var pause: Duration {
        var wake = ContinuousClock.now + .seconds(3_600)
        if let connection {
            wake = min(wake, connection.nextTurn)
            for each in pending.values { wake = min(wake, each.request.deadline) }
        } else if listener != nil, let refusal {
            wake = min(wake, refusal.until)
        } else if listener != nil {
            wake = .now
        }
        return max(.zero, ContinuousClock.now.duration(to: wake))
    }

    /// Ends the connection, and with it all requests.
    private func drop(_ error: STOMPError) {
        connection?.close(onSocket: core.setDescriptor)
        connection = nil
        receipts = [:]
        let failed = pending.values
        pending = [:]
        for each in failed { each.request.end(.failure(error)) }
        guard let listener else { return }
        // At once after a loss; but a server that ends each new connection is left alone for a while.
        if since + .seconds(10) <= .now { pauses.reset() }
        refusal = (error, .now + pauses.next())
        listener.lost(error)
    }
}
