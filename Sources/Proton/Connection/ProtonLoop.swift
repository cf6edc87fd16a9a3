import CProton
import CeleryCore
import Streams

/// The main loop of the thread of a `ProtonClient`.
final class ProtonLoop {
    /// What a caller asks for, and how it is told the end.
    struct Request: Sendable {
        enum Work: Sendable {
            case orders([ProtonOrder])
            case parcels([ProtonParcel])
        }

        var work: Work
        /// The connection it belongs to; `nil` for any, which is made if there is none.
        var generation: Int?
        var deadline: ContinuousClock.Instant
        /// Called once, on the thread.
        var end: @Sendable (Result<Answer, ProtonError>) -> Void
    }

    struct Answer: Sendable {
        var server: ProtonServer
        /// What became of parcels that were not accepted, by their position.
        var failures: [Int: ProtonError] = [:]
        /// How many nodes have a message for a new receiver, of those that were looked into.
        var count = 0
    }

    private struct Pending {
        var request: Request
        /// How many fates or receivers are missing.
        var open: Int
        var failures: [Int: ProtonError] = [:]
        var count = 0
    }

    private let options: ProtonOptions
    private let listener: ProtonClient.Listener?
    private let core: LoopCore<Request>
    private var connection: ProtonConnection?
    /// Number of the connection; increases with each.
    private var generation = 0
    private var links = ProtonLinks()
    private var pending: [Int: Pending] = [:]
    /// Tag of a message under way -> its request, and its position there.
    private var fates: [UInt64: (request: Int, position: Int)] = [:]
    /// Receivers that are not there yet -> the requests that wait for them.
    private var arriving: [Int: [Int]] = [:]
    /// Receivers that are drained -> the requests that wait for that.
    private var draining: [Int: [Int]] = [:]
    /// Receivers that look into a node -> the request that waits for that, and how often the server has answered.
    private var counting: [Int: (request: Int, answers: Int)] = [:]
    /// A session of RabbitMQ's plugin may answer before it passes on what came earlier, but not twice.
    private static let answersOfEmpty = 3
    private var lastRequest = 0
    private var lastTag: UInt64 = 0
    private var pauses = ReconnectPauses()
    /// Why the last attempt to connect failed, and until when not to try again.
    private var refusal: (error: ProtonError, until: ContinuousClock.Instant)?
    /// When the connection was made. One that ends soon is no sign of a healthy server.
    private var since = ContinuousClock.now

    init(_ options: ProtonOptions, _ listener: ProtonClient.Listener?, _ core: LoopCore<Request>) {
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
        do throws(ProtonError) {
            if let generation = request.generation {
                guard connection != nil, generation == self.generation else { throw ProtonError(.lost, "the connection has ended meanwhile") }
            } else {
                try connect()
            }
        } catch {
            return request.end(.failure(error))
        }
        guard let connection else { return request.end(.failure(.closed)) }
        lastRequest += 1
        let number = lastRequest
        pending[number] = Pending(request: request, open: 0)
        switch request.work {
        case .orders(let orders):
            for order in orders {
                if case .drain(let receiver) = order, links.canDrain(receiver) {
                    draining[receiver, default: []].append(number)
                    pending[number]?.open += 1
                }
                if case .count(let receiver, _) = order {
                    counting[receiver] = (number, 0)
                    pending[number]?.open += 1
                }
                carryOut(order, connection)
            }
            var awaited = orders.compactMap { order -> Int? in if case .receive(let receiver, _, _, _) = order { receiver } else { nil } }
            // Who connects waits for all that the listener asked for.
            if request.generation == nil { awaited += arriving.keys }
            for receiver in Set(awaited) where arriving[receiver] != nil {
                arriving[receiver]?.append(number)
                pending[number]?.open += 1
            }
        case .parcels(let parcels):
            for (position, parcel) in parcels.enumerated() {
                lastTag += 1
                fates[lastTag] = (number, position)
                pending[number]?.open += 1
                links.add(lastTag, parcel, connection)
            }
        }
        finish(number, connection)
    }

    /// Tells the end of a request for which nothing is missing.
    private func finish(_ number: Int, _ connection: ProtonConnection) {
        guard let one = pending[number], one.open == 0 else { return }
        pending[number] = nil
        one.request.end(.success(Answer(server: connection.server, failures: one.failures, count: one.count)))
    }

    private func carryOut(_ order: ProtonOrder, _ connection: ProtonConnection) {
        if case .receive(let receiver, _, _, _) = order { arriving[receiver] = [] }
        links.carryOut(order, connection)
    }

    private func connect() throws(ProtonError) {
        guard connection == nil else { return }
        // What was asked for during a failed attempt gets the same error without another attempt.
        if let refusal, .now < refusal.until { throw refusal.error }
        do throws(ProtonError) {
            let connection = try ProtonConnection(options, onSocket: core.setDescriptor)
            generation += 1
            since = .now
            links = ProtonLinks()
            self.connection = connection
            if let listener {
                for order in listener.connected(connection.server, generation) { carryOut(order, connection) }
            }
            refusal = nil
        } catch {
            // A listener waits for longer and longer; others are told at once, and ask again if they want to.
            refusal = (error, .now + (listener == nil ? .milliseconds(50) : pauses.next()))
            listener?.lost(error)
            throw error
        }
    }

    private func serve() {
        guard let connection else { return }
        do throws(ProtonError) {
            try connection.exchange { (event) throws(ProtonError) in try take(event, connection) }
            try expire()
            links.endOld()
        } catch {
            drop(error)
        }
    }

    private func take(_ event: celery_proton_event, _ connection: ProtonConnection) throws(ProtonError) {
        switch event.kind {
        case CELERY_PROTON_MESSAGE:
            // Read in any case: it must not stand before the next.
            let bytes = try connection.read(event)
            if let receiver = links.receiver(of: event), counting[receiver] != nil { return counted(receiver, 1, connection) }
            if let arrival = links.arrival(event, bytes) { listener?.heard(arrival, generation) }
            // A server whose messages have used all credit has none to give back, and need not say so.
            if let receiver = links.receiver(of: event), draining[receiver] != nil, !links.canDrain(receiver) { drained(event, connection) }
        case CELERY_PROTON_ATTACHED:
            if let receiver = links.noteAttached(event) { arrived(receiver, nil, connection) }
            links.sendWaiting(by: event.number)
        case CELERY_PROTON_DRAINED:
            drained(event, connection)
        case CELERY_PROTON_TOLD:
            guard let receiver = links.receiver(of: event), let answers = counting[receiver]?.answers else { break }
            counting[receiver]?.answers = answers + 1
            if answers + 1 < Self.answersOfEmpty { links.raiseCredit(of: event) } else { counted(receiver, 0, connection) }
        case CELERY_PROTON_CREDIT: links.sendWaiting(by: event.number)
        case CELERY_PROTON_FATE:
            links.noteFate(event)
            settleFate(event.tag, ProtonError.refusal(in: event), connection)
        case CELERY_PROTON_DETACHED:
            let (condition, text) = ProtonConnection.texts(of: event)
            let error = ProtonError(condition: condition, text.isEmpty && condition.isEmpty ? "it has ended the link" : text)
            switch links.noteDetached(event.number, error, connection) {
            case .nothing: break
            case .receiver(let receiver):
                if let looking = counting.removeValue(forKey: receiver) {
                    pending.removeValue(forKey: looking.request)?.request.end(.failure(error))
                } else if let waiting = arriving[receiver], !waiting.isEmpty {
                    arrived(receiver, error, connection)
                } else {
                    throw error
                }
            case .sender(let tags, let lost):
                for tag in tags { settleFate(tag, error, connection) }
                for tag in lost { settleFate(tag, ProtonError(.lost, error.message), connection) }
            }
        default: break
        }
    }

    /// Tells those who wait for it that a receiver has got all there is.
    private func drained(_ event: celery_proton_event, _ connection: ProtonConnection) {
        guard let receiver = links.noteDrained(event) else { return }
        for number in draining.removeValue(forKey: receiver) ?? [] {
            pending[number]?.open -= 1
            finish(number, connection)
        }
    }

    private func settleFate(_ tag: UInt64, _ error: ProtonError?, _ connection: ProtonConnection) {
        guard let fate = fates.removeValue(forKey: tag) else { return }
        if let error { pending[fate.request]?.failures[fate.position] = error }
        pending[fate.request]?.open -= 1
        finish(fate.request, connection)
    }

    /// Ends a receiver that has found a message in its node, or none.
    private func counted(_ receiver: Int, _ count: Int, _ connection: ProtonConnection) {
        links.carryOut(.stop(receiver), connection)
        guard let looking = counting.removeValue(forKey: receiver) else { return }
        pending[looking.request]?.count += count
        pending[looking.request]?.open -= 1
        finish(looking.request, connection)
    }

    /// Tells those who wait for a receiver that it is there, or will not be.
    private func arrived(_ receiver: Int, _ error: ProtonError?, _ connection: ProtonConnection) {
        for number in arriving.removeValue(forKey: receiver) ?? [] {
            if let error {
                pending.removeValue(forKey: number)?.request.end(.failure(error))
            } else {
                pending[number]?.open -= 1
                finish(number, connection)
            }
        }
    }

    /// Gives up what the server has not confirmed in time, and with it the connection.
    private func expire() throws(ProtonError) {
        let now = ContinuousClock.now
        let late = pending.filter { $0.value.request.deadline <= now }
        guard !late.isEmpty else { return }
        let error = ProtonError(.late, "the server at \(options.location) does not confirm in time")
        for (number, one) in late { fail(number, one, error) }
        throw ProtonError(.lost, error.message)
    }

    /// Ends a request; what of its parcels has a fate keeps it.
    private func fail(_ number: Int, _ one: Pending, _ error: ProtonError) {
        pending[number] = nil
        guard let server = connection?.server, case .parcels = one.request.work else { return one.request.end(.failure(error)) }
        var failures = one.failures
        for (tag, fate) in fates where fate.request == number {
            failures[fate.position] = error
            fates[tag] = nil
        }
        one.request.end(.success(Answer(server: server, failures: failures)))
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
    private func drop(_ error: ProtonError) {
        for (number, one) in pending { fail(number, one, error) }
        connection?.close(onSocket: core.setDescriptor)
        connection = nil
        links = ProtonLinks()
        (pending, fates, arriving, draining, counting) = ([:], [:], [:], [:], [:])
        guard let listener else { return }
        // At once after a loss; but a server that ends each new connection is left alone for a while.
        if since + .seconds(10) <= .now { pauses.reset() }
        refusal = (error, .now + pauses.next())
        listener.lost(error)
    }
}
