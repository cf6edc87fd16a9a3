import CeleryCore
import DequeModule
package import RabbitMQ

/// Publishes with confirms, on a connection of its own.
///
/// Batches queue up; a window limits the unconfirmed messages in flight. The server confirms a message when it is on
/// disk, or on a quorum of nodes. A server without confirms commits what was sent as a transaction (`Publisher+Commit.swift`).
package final class Publisher: ConnectionUse {
    /// Limits of messages, and of body bytes, sent and not yet confirmed.
    private static let window = 2_000
    private static let windowBytes = 8 << 20
    /// Limit of messages abandoned on one connection.
    private static let mostAbandoned = 3
    static let channel: UInt16 = 1
    private static let spareChannel: UInt16 = 2

    private let topology: Topology
    private var batches: Deque<PublishBatch> = []
    /// Messages in flight, by delivery number; a confirmed entry is `nil` until all earlier ones are confirmed.
    var unconfirmed: Deque<InFlight?> = []
    private(set) var firstNumber: UInt64 = 1
    /// The highest confirmed number.
    private var lastConfirmed: UInt64 = 0
    private var countUnderWay = 0
    private var bytesUnderWay = 0
    /// Why the server accepts no messages now; it answers nothing then.
    private(set) var blockedBy: String?
    /// Messages abandoned on this connection, which the server still has.
    private var abandonedCount = 0
    /// Number of batches to send one at a time, because one of several batches in flight was refused.
    private var suspects = 0

    /// Objects known to exist at the server.
    private var provided: Set<Publication.Need> = []
    /// Objects the server refuses, and why.
    private var denied: [Publication.Need: RabbitMQError] = [:]
    private var hasLadder = false

    /// How the server promises to have a message.
    private(set) var promise = PublishingPromise.confirms

    struct InFlight {
        var batch: PublishBatch
        var index: Int
        /// As it was sent.
        var message: WireMessage
    }

    private let greet: @Sendable (ServerAbilities) -> Void

    /// - Parameter greet: Gets what the server of each new connection can do, on the thread of the connection.
    package init(topology: Topology, greet: @escaping @Sendable (ServerAbilities) -> Void = { _ in }) {
        self.topology = topology
        self.greet = greet
    }

    /// Whether messages wait to be sent or confirmed.
    var isBusy: Bool { !batches.isEmpty || !unconfirmed.isEmpty }

    /// Queues a batch, which reports its own result.
    package func add(_ batch: PublishBatch, _ connection: Connection) throws(RabbitMQError) {
        if batch.publications.isEmpty { return batch.finish(nil) }
        batches.append(batch)
        try pump(connection)
    }

    // MARK: ConnectionUse

    package func establish(_ connection: Connection) throws(RabbitMQError) {
        greet(connection.abilities)
        provided = []
        denied = [:]
        hasLadder = false
        blockedBy = nil
        unconfirmed = []
        (firstNumber, lastConfirmed) = (1, 0)
        (countUnderWay, bytesUnderWay, abandonedCount) = (0, 0, 0)
        try connection.openChannel(Self.channel)
        promise = try connection.selectPromise(Self.channel)
    }

    package func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .confirm(let number, let isMultiple, let isTaken): confirm(upTo: number, isMultiple: isMultiple, isTaken: isTaken)
        case .returned(let message, let reason): noteReturn(of: message, reason)
        case .blocked(let reason): blockedBy = reason
        case .unblocked: blockedBy = nil
        case .delivery, .cancelled: break
        }
    }

    package func settleDown(_ connection: Connection) throws(RabbitMQError) {
        try pump(connection)
        if promise == .transactions { try commitAll(connection) }
    }

    /// Notes the server's answer for a message, or for all up to it.
    func confirm(upTo number: UInt64, isMultiple: Bool, isTaken: Bool) {
        let first = isMultiple ? firstNumber : number
        guard first <= number else { return }
        for number in first...number { confirm(number, isTaken: isTaken) }
        lastConfirmed = max(lastConfirmed, number)
        dropConfirmed()
    }

    package func tick(_ connection: Connection) throws(RabbitMQError) {
        let now = ContinuousClock.now
        let indices = unconfirmed.indices.filter { unconfirmed[$0].map { $0.batch.deadline <= now } ?? false }
        guard !indices.isEmpty || batches.contains(where: { $0.deadline <= now }) else { return }
        // Sent messages may still arrive; another connection would confirm none of them.
        if let blockedBy {
            throw RabbitMQError(.blocked, "it takes no messages now (\(blockedBy)); messages already sent may be accepted later")
        }
        let late = indices.compactMap { unconfirmed[$0] }
        let error = Self.unconfirmedInTime(late)
        guard mayAbandon(indices, now) else { throw error }
        abandonedCount += late.count
        for (index, entry) in zip(indices, late) {
            unconfirmed[index] = nil
            countOut(entry)
        }
        dropConfirmed()
        for entry in late { entry.batch.finish(error) }
    }

    /// Whether messages are late only because their queue confirms nothing, such as a quorum queue without a leader, while the
    /// server confirms later messages: then other messages need not suffer.
    ///
    /// Limited in number: when the queue has a leader again, the server delivers every copy it holds of a connection
    /// (`rabbit_fifo_client.erl`), however often a message was sent.
    private func mayAbandon(_ late: [Int], _ now: ContinuousClock.Instant) -> Bool {
        guard let last = late.last, abandonedCount + late.count <= Self.mostAbandoned else { return false }
        return firstNumber + UInt64(last) < lastConfirmed && !batches.contains { $0.deadline <= now }
    }

    private static func unconfirmedInTime(_ late: [InFlight]) -> RabbitMQError {
        let names = Set(late.map { name(of: $0.message) }).sorted()
        let target = names.isEmpty || names.count > 3 ? "" : " to \(names.joined(separator: ", "))"
        return RabbitMQError(.timeout, "messages\(target) were not confirmed in time; messages already sent may be accepted later")
    }

    private static func name(of message: WireMessage) -> String {
        message.exchange.isEmpty ? "queue '\(message.routingKey)'" : "exchange '\(message.exchange)'"
    }

    private func dropConfirmed() {
        while let entry = unconfirmed.first, entry == nil {
            unconfirmed.removeFirst()
            firstNumber += 1
        }
    }

    package func lost(_ error: RabbitMQError) {
        var underWay = unconfirmed.compactMap { $0?.batch }
        if let first = batches.first, underWay.last !== first { underWay.append(first) }
        // A refusal concerns one message but does not say which: with several batches in flight, each is sent again by itself.
        let isShared = underWay.contains { $0 !== underWay[0] }
        if isShared && !error.isPassing { suspects = max(suspects, batches.count + underWay.count) }
        let reason = error.isPassing || !isShared ? error : RabbitMQError(.lost, error.message)
        for batch in underWay { batch.finish(reason) }
        // No message of the other batches was sent.
        for batch in batches { batch.finish(error.isPassing ? error : RabbitMQError(.lost, error.message)) }
        batches = []
        unconfirmed = []
    }

    // MARK: Sending

    /// Sends what the window permits.
    func pump(_ connection: Connection) throws(RabbitMQError) {
        while blockedBy == nil, let batch = batches.first {
            if suspects > 0, batch.next == 0 {
                if !unconfirmed.isEmpty { return }
                suspects -= 1
            }
            while batch.next < batch.publications.count {
                let publication = batch.publications[batch.next].possible(with: connection.abilities)
                if let fault = connection.fault(of: publication.message) {
                    batch.refuse(batch.next, RabbitMQError(.refused(312), fault))
                    batch.next += 1
                    continue
                }
                let bytes = publication.message.body.count
                let isFull = countUnderWay >= Self.window || bytesUnderWay + bytes > Self.windowBytes
                if isFull && countUnderWay > 0 { return }
                do throws(RabbitMQError) {
                    if let refusal = try prepare(publication, connection) {
                        batch.refuse(batch.next, refusal)
                        batch.next += 1
                        continue
                    }
                } catch {
                    // Nothing else is in flight, so the error concerns this message alone.
                    if unconfirmed.isEmpty { batch.finish(error) }
                    throw error
                }
                unconfirmed.append(InFlight(batch: batch, index: batch.next, message: publication.message))
                countUnderWay += 1
                bytesUnderWay += bytes
                batch.next += 1
                try connection.publish(publication.message, isMandatory: publication.isMandatory, on: Self.channel)
            }
            batches.removeFirst()
        }
    }

    /// Declares the objects a message needs, once per connection.
    ///
    /// - Returns: Why the message cannot be sent, if that can be determined without affecting other messages.
    private func prepare(_ publication: Publication, _ connection: Connection) throws(RabbitMQError) -> RabbitMQError? {
        for need in publication.needs where !provided.contains(need) {
            if let refusal = denied[need] { return refusal }
            if case .exchange(let exchange) = need {
                if let refusal = try refusal(of: exchange, connection) {
                    denied[need] = refusal
                    return refusal
                }
            } else {
                try provide(need, connection)
            }
            // Declare the queue of a result each time: it may have been deleted since.
            if case .resultQueue(_, .some) = need { continue }
            provided.insert(need)
        }
        return nil
    }

    /// Declares an exchange for messages that matter less than the connection: on a channel of its own, which a refusal
    /// closes. An existing exchange with other flags is acceptable.
    private func refusal(of exchange: ExchangeDeclaration, _ connection: Connection) throws(RabbitMQError) -> RabbitMQError? {
        do throws(RabbitMQError) {
            try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                try connection.declare(exchange, on: Self.spareChannel)
            }
            return nil
        } catch {
            guard case .refused(let reply) = error.code else { throw error }
            return reply == 406 ? nil : error
        }
    }

    private func provide(_ need: Publication.Need, _ connection: Connection) throws(RabbitMQError) {
        switch need {
        case .taskQueue(let queue): try topology.declareUnawaited(queue, connection, on: Self.channel)
        case .exchange: break
        case .deadLetters: try DeadLetterQueue(type: topology.settings.queueType).declare(connection, spareChannel: Self.spareChannel)
        case .queue(let queue): try connection.declareUnawaited(queue, on: Self.channel)
        case .ladder(let queue):
            if !hasLadder { try DelayLadder.declare(topology.settings.queueType, connection, spareChannel: Self.spareChannel) }
            hasLadder = true
            try DelayLadder.bind(queue, connection, on: Self.channel)
        case .resultQueue(let queue, let exchange):
            if let exchange { try connection.declare(exchange, isAwaited: false, on: Self.channel) }
            try connection.declareUnawaited(queue, on: Self.channel)
            guard let exchange else { break }
            try connection.bindQueue(queue.name, to: exchange.name, key: queue.name, isAwaited: false, on: Self.channel)
        }
    }

    private func confirm(_ number: UInt64, isTaken: Bool) {
        guard number >= firstNumber, let index = Int(exactly: number - firstNumber), index < unconfirmed.count,
            let entry = unconfirmed[index]
        else { return }
        unconfirmed[index] = nil
        countOut(entry)
        entry.batch.confirm(entry.index, isTaken: isTaken)
    }

    private func countOut(_ entry: InFlight) {
        countUnderWay -= 1
        bytesUnderWay -= entry.message.body.count
    }

    /// Notes a returned message; its confirm follows.
    private func noteReturn(of message: WireMessage, _ reason: String) {
        // Objects we declared may have been deleted.
        provided = []
        for case let entry? in unconfirmed {
            let sent = entry.message
            guard sent.properties.correlationID == message.properties.correlationID, sent.routingKey == message.routingKey
            else { continue }
            let target = message.exchange.isEmpty ? "" : "exchange '\(message.exchange)' with "
            entry.batch.noteReturn(entry.index, "no queue receives messages for \(target)routing key '\(message.routingKey)'")
            return
        }
    }
}
