package import CeleryCore
import Redis
import Synchronization
import Wire

/// A worker's subscription at a Redis server.
///
/// Takes messages by `RedisBrokerScripts.take`, and waits by looking at the lists without taking anything (`RedisTracking`).
/// Nothing has to be subscribed again after a lost connection: each call makes the connection it needs.
package final class RedisConsumer: BrokerConsumer {
    let broker: RedisBroker
    let identity: WorkerIdentity
    /// For all that is the worker's: what the broker publishes besides cannot hold it up.
    let link: RedisLink
    /// Tells of new messages and commands.
    let tracking: RedisTracking
    /// Delivers requests of remote control.
    let requests: ControlRequests
    let selected: Mutex<[String]>
    let deliveries: Mutex<RedisDeliveries>
    let commands = Mutex(CommandState())
    let rounds = Mutex(Rounds())
    /// Numbers the settlements.
    let settlements = Atomic<Int>(0)
    /// The numbers of settlements whose answer was lost: the server may have done them.
    let unanswered = Mutex<[[DeliveryHandle]: Int]>([:])
    let started: Timestamp
    let tasks = Mutex<[String]>([])
    /// Queues that the settings do not name.
    let defined = Mutex<[String: QueueDefinition]>([:])

    /// The commands that the worker knows.
    struct CommandState: Sendable {
        /// The last one it has taken; empty before the first.
        var last = ""
        /// The last one that is in force at the worker; `nil` before it asked for commands. Nothing is taken while there are newer
        /// ones: a message may be revoked.
        var heeded: String?
        var pauses: [String: QueuePause] = [:]
    }

    /// When to do again what is done from time to time.
    struct Rounds: Sendable {
        var renewal = ContinuousClock.now
        var declaration = ContinuousClock.now
    }

    /// Messages of one taking: more would keep other programs waiting.
    private static let most = 500
    /// Seconds for which it is remembered how often a message came back.
    static let memory = 7 * 86_400

    /// Connects, declares the queues and registers the worker.
    ///
    /// - Throws: `DriverError`.
    init(broker: RedisBroker, queues: [String], worker: WorkerIdentity) async throws {
        self.broker = broker
        identity = worker
        link = RedisLink(broker.options.server)
        tracking = RedisTracking(broker.options.server)
        requests = ControlRequests(broker)
        selected = Mutex(queues)
        deliveries = Mutex(RedisDeliveries(QueueTurns(broker.options.order, weights: broker.settings.queueWeights)))
        started = broker.now()
        do {
            try await declare(queues)
            try await requests.listen()
            _ = try await live()
        } catch {
            await closeConnections()
            throw error
        }
    }

    var queues: [String] { selected.withLock { $0 } }
    var layout: RedisLayout { broker.layout }
    var held: String { layout.held(by: identity.id) }

    /// Binds the queues to their exchanges. A temporary queue is its messages alone.
    func declare(_ queues: [String]) async throws {
        let defined = self.defined.withLock { $0 }
        let queues = queues.filter { defined[$0]?.isTemporary != true }
        let names = queues.map { RedisCommand("SADD", .text(layout.queues), .text($0)) }
        _ = try await link.ask(
            try queues.flatMap { try broker.declaration(of: defined[$0] ?? broker.settings.definition(of: $0)) } + names)
    }

    package func take(_ maximum: Int) async throws -> [Delivery] {
        guard maximum > 0 else { return [] }
        try await returnUncertain()
        var taken: [Delivery] = []
        do {
            while taken.count < maximum {
                let count = min(maximum - taken.count, Self.most)
                guard let arrived = try await fetch(count) else { break }
                taken += try await parkEarly(arrived).map(\.delivery)
                if arrived.entries.count < count { break }
            }
        } catch {
            // What has been taken is the worker's already.
            guard !taken.isEmpty else { throw error }
        }
        return taken
    }

    /// Has those wait whose time has not come.
    ///
    /// - Returns: The others.
    /// - Throws: `DriverError`; then all are put back before the next taking.
    private func parkEarly(_ arrived: Arrived) async throws -> [Entry] {
        let (due, early) = arrived.entries.parted { $0.message.waits(at: arrived.now) }
        do {
            try await park(early)
        } catch {
            let numbers = arrived.entries.map(\.held.number)
            deliveries.withLock { deliveries in
                deliveries.remove(numbers)
                for number in numbers { deliveries.noteLost(number..<number + 1) }
            }
            throw error
        }
        return due
    }

    /// What came with one call.
    private struct Arrived {
        var now: Timestamp
        var entries: [Entry]
    }

    /// A message that was taken.
    struct Entry {
        var held: RedisDeliveries.Held
        var delivery: Delivery
        var message: Message { held.message }
        /// The place of its step among those of the queue, from 1.
        var step: Int
    }

    /// - Returns: `nil` while there are commands that the worker does not heed yet.
    private func fetch(_ count: Int) async throws -> Arrived? {
        let queues = self.queues
        guard !queues.isEmpty else { return nil }
        let (numbers, turns) = deliveries.withLock { ($0.reserve(count), $0.turns.turns(queues)) }
        var words: [RedisCommand.Word] = [
            broker.timeWord, .text(identity.id), .number(count), .number(broker.settings.lease), .number(Int(numbers.lowerBound)),
            .text(commands.withLock { $0.heeded } ?? "*"), .text(layout.again), .number(Self.memory), .number(layout.steps.count),
        ]
        words += layout.suffixes.map(RedisCommand.Word.text)
        for turn in turns {
            words += [.text(turn.queue), .text(layout.prefix + turn.queue), .text(layout.due(turn.queue)), .number(turn.weight), .number(turn.first)]
        }
        let keys = [layout.unacked, layout.unackedIndex, held, layout.leases, layout.commands, layout.pauses, layout.fence(of: identity.id)]
        let parts: [RESPValue]
        do {
            parts = try await link.ask(RedisCommand(RedisBrokerScripts.take, keys: keys, words), isRepeatable: false).elements ?? []
        } catch {
            // The server may have done it.
            deliveries.withLock { $0.noteLost(numbers) }
            throw error
        }
        guard parts.count >= 2, parts[1].intValue == 0 else { return nil }
        let entries = stride(from: 2, to: parts.count - 6, by: 7).map { entry(parts[$0..<$0 + 7]) }
        deliveries.withLock { deliveries in
            for entry in entries { deliveries.add(entry.held) }
            deliveries.turns.note(entries.map(\.message.route.queue), of: queues)
        }
        return Arrived(now: RedisTime.read(parts[0]) ?? broker.now(), entries: entries)
    }

    /// Reads number, tag, list, length, queue, count of returns, and text.
    private func entry(_ parts: ArraySlice<RESPValue>) -> Entry {
        let parts = Array(parts)
        let number = Int64(parts[0].intValue ?? 0)
        let (tag, list, queue) = (parts[1].textValue ?? "", parts[2].textValue ?? "", parts[4].textValue ?? "")
        let (returns, text) = (parts[5].intValue ?? -1, parts[6].bytesValue ?? [])
        var message: Message
        var defect: Delivery.Defect?
        var envelope: RedisEnvelope?
        do throws(MalformedMessage) {
            envelope = try RedisEnvelope(text)
            message = try TaskMessageDecoder().decode(envelope!.wire, queue: queue)
        } catch {
            let wire = envelope?.wire ?? WireMessage(routingKey: queue, body: text)
            (message, defect) = Delivery.defective(wire, "\(error)")
        }
        message.route.queue = queue
        let count = AttemptHeader.read(&message, returns: returns)
        let waitsSince = WaitHeader.read(&message)
        let held = RedisDeliveries.Held(
            number: number, tag: tag, message: message, envelope: envelope, attempt: count.attempt, crashes: count.crashes, cameBack: returns >= 0)
        var delivery = Delivery(handle: DeliveryHandle(tag: number, attempt: count.attempt), message: message)
        (delivery.crashes, delivery.doubts, delivery.defect, delivery.waitsSince) = (count.crashes, count.doubts, defect, waitsSince)
        let step = layout.suffixes.lastIndex { !$0.isEmpty && list.hasSuffix($0) } ?? 0
        return Entry(held: held, delivery: delivery, step: step + 1)
    }

    package func close() async {
        // A cancelled task must not leave deliveries behind.
        await Task { [self] in
            let handles = deliveries.withLock { $0.held.values.sorted { $0.number < $1.number } }
            try? await returnUncertain()
            _ = try? await putBack(handles.map { PutBack($0) })
            _ = try? await link.ask([
                RedisCommand("ZREM", .text(layout.leases), .text(identity.id)), RedisCommand("HDEL", .text(layout.workers), .text(identity.id)),
                // The fence ends by itself: what was given up may still be on its way.
                RedisCommand("DEL", .text(layout.settled(by: identity.id))),
            ])
            await closeConnections()
        }.value
    }

    /// Ends as a killed worker would: the server only finds its connections closed.
    package func die() async { await closeConnections() }

    private func closeConnections() async {
        await requests.close()
        await tracking.close()
        await link.close()
        tracking.bell.ring()
    }
}

extension Message {
    /// Whether to wait for the time of the message; an expired one need not.
    fileprivate func waits(at now: Timestamp) -> Bool {
        guard let eta, eta > now else { return false }
        return expires.map { $0 >= now } ?? true
    }
}

extension Array {
    /// Splits the array by a predicate, keeping the order of the elements.
    fileprivate func parted(by matches: (Element) -> Bool) -> (others: [Element], matching: [Element]) {
        reduce(into: ([], [])) { parts, element in
            if matches(element) { parts.1.append(element) } else { parts.0.append(element) }
        }
    }
}
