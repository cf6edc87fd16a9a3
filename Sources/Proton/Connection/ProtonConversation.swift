import CProton
import Streams

/// What is said on a connection: orders and parcels, and what the server tells of them. Confined to the thread of the connection.
final class ProtonConversation: Conversation {
    /// What a caller asks for.
    enum Work: Sendable {
        case orders([ProtonOrder])
        case parcels([ProtonParcel])
    }

    struct Answer: Sendable {
        var server: ProtonServer
        /// What became of parcels that were not accepted, by their position.
        var failures: [Int: ProtonError] = [:]
        /// How many of the nodes that were looked into have a message for a new receiver.
        var count = 0
    }

    typealias Request = LoopRequest<Work, Answer, ProtonError>

    let connection: ProtonConnection
    /// Each misses fates, or receivers.
    var requests = LoopRequests<Work, Answer, ProtonError>()
    private let listener: ProtonClient.Listener?
    private let generation: Int
    private var links = ProtonLinks()
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
    private var lastTag: UInt64 = 0

    init(_ connection: ProtonConnection, _ listener: ProtonClient.Listener?, generation: Int) {
        (self.connection, self.listener, self.generation) = (connection, listener, generation)
    }

    func open() {
        guard let listener else { return }
        for order in listener.connected(connection.server, generation) { carryOut(order) }
    }

    func begin(_ request: Request) {
        let number = requests.add(request, answer: Answer(server: connection.server))
        switch request.work {
        case .orders(let orders):
            for order in orders {
                if case .drain(let receiver) = order, links.canDrain(receiver) {
                    draining[receiver, default: []].append(number)
                    requests.expect(number)
                }
                if case .count(let receiver, _) = order {
                    counting[receiver] = (number, 0)
                    requests.expect(number)
                }
                carryOut(order)
            }
            var awaited = orders.compactMap { order -> Int? in if case .receive(let receiver, _, _, _) = order { receiver } else { nil } }
            // Who connects waits for all that the listener asked for.
            if request.generation == nil { awaited += arriving.keys }
            for receiver in Set(awaited) where arriving[receiver] != nil {
                arriving[receiver]?.append(number)
                requests.expect(number)
            }
        case .parcels(let parcels):
            for (position, parcel) in parcels.enumerated() {
                lastTag += 1
                fates[lastTag] = (number, position)
                requests.expect(number)
                links.add(lastTag, parcel, connection)
            }
        }
        requests.finish(number)
    }

    private func carryOut(_ order: ProtonOrder) {
        if case .receive(let receiver, _, _, _) = order { arriving[receiver] = [] }
        links.carryOut(order, connection)
    }

    func exchange() throws(ProtonError) {
        try connection.exchange { (event) throws(ProtonError) in try take(event) }
        links.endOld()
    }

    private func take(_ event: celery_proton_event) throws(ProtonError) {
        switch event.kind {
        case CELERY_PROTON_MESSAGE:
            // Read in any case: it must not stand before the next.
            let bytes = try connection.read(event)
            if let receiver = links.receiver(of: event), counting[receiver] != nil { return counted(receiver, 1) }
            if let arrival = links.arrival(event, bytes) { listener?.heard(arrival, generation) }
            // A server whose messages have used all credit has none to give back, and need not say so.
            if let receiver = links.receiver(of: event), draining[receiver] != nil, !links.canDrain(receiver) { drained(event) }
        case CELERY_PROTON_ATTACHED:
            if let receiver = links.noteAttached(event) { arrived(receiver, nil) }
            links.sendWaiting(by: event.number)
        case CELERY_PROTON_DRAINED:
            drained(event)
        case CELERY_PROTON_TOLD:
            guard let receiver = links.receiver(of: event), let answers = counting[receiver]?.answers else { break }
            counting[receiver]?.answers = answers + 1
            if answers + 1 < Self.answersOfEmpty { links.raiseCredit(of: event) } else { counted(receiver, 0) }
        case CELERY_PROTON_CREDIT: links.sendWaiting(by: event.number)
        case CELERY_PROTON_FATE:
            links.noteFate(event)
            settleFate(event.tag, ProtonError.refusal(in: event))
        case CELERY_PROTON_DETACHED:
            let (condition, text) = ProtonConnection.texts(of: event)
            let error = ProtonError(condition: condition, text.isEmpty && condition.isEmpty ? "it has ended the link" : text)
            switch links.noteDetached(event.number, error, connection) {
            case .nothing: break
            case .receiver(let receiver):
                if let looking = counting.removeValue(forKey: receiver) {
                    fail(looking.request, error)
                } else if let waiting = arriving[receiver], !waiting.isEmpty {
                    arrived(receiver, error)
                } else {
                    throw error
                }
            case .sender(let tags, let lost):
                for tag in tags { settleFate(tag, error) }
                for tag in lost { settleFate(tag, ProtonError(.lost, error.message)) }
            }
        default: break
        }
    }

    /// Tells those who wait for it that a receiver has got all there is.
    private func drained(_ event: celery_proton_event) {
        guard let receiver = links.noteDrained(event) else { return }
        for number in draining.removeValue(forKey: receiver) ?? [] { requests.settle(number) }
    }

    private func settleFate(_ tag: UInt64, _ error: ProtonError?) {
        guard let fate = fates.removeValue(forKey: tag) else { return }
        requests.settle(fate.request) { answer in if let error { answer.failures[fate.position] = error } }
    }

    /// Ends a receiver that has found a message in its node, or none.
    private func counted(_ receiver: Int, _ count: Int) {
        links.carryOut(.stop(receiver), connection)
        guard let looking = counting.removeValue(forKey: receiver) else { return }
        requests.settle(looking.request) { $0.count += count }
    }

    /// Tells those who wait for a receiver that it is there, or will not be.
    private func arrived(_ receiver: Int, _ error: ProtonError?) {
        for number in arriving.removeValue(forKey: receiver) ?? [] {
            if let error { fail(number, error) } else { requests.settle(number) }
        }
    }

    /// Ends a request; what of its parcels has a fate keeps it.
    func fail(_ number: Int, _ error: ProtonError) {
        guard let (work, known) = requests[number], case .parcels = work else { return requests.end(number, .failure(error)) }
        var answer = known
        for (tag, fate) in fates where fate.request == number {
            answer.failures[fate.position] = error
            fates[tag] = nil
        }
        requests.end(number, .success(answer))
    }
}
