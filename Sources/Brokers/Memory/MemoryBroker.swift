package import CeleryCore
import DequeModule

/// Stores messages in this process: for tests, examples, and programs that run their own workers.
package actor MemoryBroker: Broker {
    package nonisolated let location: String
    private let now: @Sendable () -> Timestamp

    struct Entry {
        var tag: Int64
        var message: Message
        var attempt: Int
        var submitted: Timestamp
        var worker: WorkerIdentity?
        var since: Timestamp?
        var crashes = 0
        var doubts = 0

        /// The entry without its worker, optionally with the message of its next try.
        func again(_ message: Message? = nil) -> Entry {
            var entry = self
            entry.message = message ?? self.message
            (entry.worker, entry.since) = (nil, nil)
            return entry
        }
    }

    /// Dead letters, oldest first; see `MemoryBroker+DeadLetters`.
    var graves: [Grave] = []

    private(set) var entries: [Int64: Entry] = [:]
    private(set) var tags: [TaskID: Int64] = [:]
    /// Ready messages of each queue, by priority.
    private var ready: [String: [Int: Deque<Int64>]] = [:]
    private(set) var scheduled: [(due: Timestamp, tag: Int64)] = []
    private var keys: [String: (id: TaskID, expires: Timestamp)] = [:]
    private(set) var consumers: [WorkerIdentity: MemoryConsumer] = [:]
    private var nextTag: Int64 = 1
    nonisolated let bell = Bell()
    var events = MemoryEvents()
    var commands = MemoryCommands()
    /// Beats by name.
    var beats: [String: MemoryBeat] = [:]
    /// What workers have counted.
    var ledger = StatisticsLedger()

    package init(location: String = "memory://", now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.location = location
        self.now = now
    }

    package func publish(_ messages: [Message]) throws {
        var seen = Set<TaskID>()
        for message in messages where tags[message.id] != nil || !seen.insert(message.id).inserted {
            throw DriverError(
                .alreadyThere, "task id \(message.id) is already in use: it waits or runs", unconfirmed: Set(messages.map(\.id)),
                subject: message.id)
        }
        for message in messages { insert(message) }
        bell.ring()
    }

    /// Publishes the messages whose ids are not in use.
    func publishNew(_ messages: [Message]) {
        for message in messages where tags[message.id] == nil { insert(message) }
        bell.ring()
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) -> any BrokerConsumer {
        let consumer = MemoryConsumer(broker: self, queues: queues.distinct, worker: worker, bell: bell)
        consumers[worker] = consumer
        return consumer
    }

    package func close() { bell.ring() }

    func take(_ maximum: Int, from queues: [String], for worker: WorkerIdentity) -> [Delivery] {
        let now = self.now()
        promoteDue(now)
        var deliveries: [Delivery] = []
        let open = self.open(queues)
        while deliveries.count < maximum, let tag = popFirst(of: open) {
            guard var entry = entries[tag] else { continue }
            entry.attempt += 1
            entry.worker = worker
            entry.since = now
            entries[tag] = entry
            var delivery = Delivery(handle: DeliveryHandle(tag: tag, attempt: entry.attempt), message: entry.message)
            (delivery.crashes, delivery.doubts) = (entry.crashes, entry.doubts)
            deliveries.append(delivery)
        }
        return deliveries
    }

    func settle(_ outcomes: [Outcome], of worker: WorkerIdentity) -> [Bool] {
        defer { bell.ring() }
        return outcomes.map { outcome in
            guard let entry = held(outcome.handle, by: worker) else { return false }
            for message in outcome.followUps where tags[message.id] == nil { insert(message) }
            entries[entry.tag] = nil
            tags[entry.message.id] = nil
            switch outcome.disposition {
            case .acknowledge: break
            case .retry(let message):
                tags[message.id] = entry.tag
                place(entry.again(message))
            case .bury(_, let burial): graves.append(Grave(message: entry.message, burial: burial))
            }
            return true
        }
    }

    /// - Parameters:
    ///   - isCrash: Whether each message's process died while running it.
    ///   - isDoubtful: Whether that may have happened.
    func giveBack(
        _ handles: [DeliveryHandle], of worker: WorkerIdentity, started: Bool, isCrash: Bool = false, isDoubtful: Bool = false
    ) {
        for handle in handles {
            guard var entry = held(handle, by: worker)?.again() else { continue }
            if !started { entry.attempt -= 1 }
            entry.crashes += isCrash ? 1 : 0
            entry.doubts += isDoubtful ? 1 : 0
            place(entry)
        }
        bell.ring()
    }

    /// Ends a subscription; `died` keeps the numbers of begun attempts.
    func end(_ worker: WorkerIdentity, died: Bool) {
        consumers[worker] = nil
        let held = entries.values.filter { $0.worker == worker }.map { DeliveryHandle(tag: $0.tag, attempt: $0.attempt) }
        giveBack(held.sorted { $0.tag < $1.tag }, of: worker, started: died, isDoubtful: died)
    }

    /// The next time at which messages may become available: an ETA, or the end of a pause.
    func nextDue() -> Timestamp? {
        (commands.pauses.values.compactMap(\.until).filter { $0 > now() } + (scheduled.first.map { [$0.due] } ?? [])).min()
    }

    func hasReady(_ queues: [String]) -> Bool {
        promoteDue(now())
        return open(queues).contains { ready[$0]?.values.contains { !$0.isEmpty } ?? false }
    }

    /// The queues that are not paused.
    private func open(_ queues: [String]) -> [String] {
        let paused = pausedQueues()
        return queues.filter { paused[$0] == nil }
    }

    func backlog(of queues: [String]) -> Int {
        promoteDue(now())
        let waiting = Set(scheduled.map(\.tag))
        // Messages in paused queues cannot finish.
        let queues = open(queues)
        return entries.values.count { queues.contains($0.message.route.queue) && !waiting.contains($0.tag) }
    }

    /// Number of ready messages in queues that are not paused.
    func waiting(in queues: [String]) -> Int {
        promoteDue(now())
        return open(queues).reduce(0) { count, queue in count + (ready[queue]?.values.reduce(0) { $0 + $1.count } ?? 0) }
    }

    /// Scheduled messages, earliest ETA first.
    func scheduled(in queues: [String], upTo most: Int) -> [Message] {
        promoteDue(now())
        return Array(scheduled.lazy.compactMap { self.entries[$0.tag]?.message }.filter { queues.contains($0.route.queue) }.prefix(most))
    }

    func timeNow() -> Timestamp { now() }

    /// The standing commands after the given number, and the last number.
    func commands(after number: Int) -> (StandingCommands, last: Int) {
        var standing = StandingCommands()
        standing.revocations = commands.revocations(after: number, now: now())
        standing.pauses = pausedQueues()
        return (standing, commands.last)
    }

    /// Ids of messages held by workers.
    func held(where matches: (Message) -> Bool) -> [TaskID] {
        entries.values.filter { $0.worker != nil && matches($0.message) }.map(\.message.id)
    }

    /// Drops messages that no worker holds. Returns each with the number of its begun executions.
    func drop(where matches: (Message) -> Bool) -> [(Message, Int)] {
        drop { (entry: Entry) in matches(entry.message) }.map { ($0.message, $0.attempt) }
    }

    private func held(_ handle: DeliveryHandle, by worker: WorkerIdentity) -> Entry? {
        guard let entry = entries[handle.tag], entry.worker == worker, entry.attempt == handle.attempt else { return nil }
        return entry
    }

    func insert(_ message: Message) {
        var message = message
        let attempts = message.takeAttempts()
        tags[message.id] = nextTag
        place(Entry(tag: nextTag, message: message, attempt: attempts, submitted: now()))
        nextTag += 1
    }

    /// Whether a message with this id waits or runs.
    func isInUse(_ id: TaskID) -> Bool { tags[id] != nil }

    /// Adds an entry to the ready or scheduled messages.
    private func place(_ entry: Entry) {
        entries[entry.tag] = entry
        if let eta = entry.message.eta, eta > now() {
            let index = scheduled.firstIndex { $0.due > eta } ?? scheduled.endIndex
            scheduled.insert((eta, entry.tag), at: index)
        } else {
            enqueue(entry.tag, entry.message)
        }
    }

    /// Inserts by tag, which is age: new messages go to the end, returned ones to their old position.
    private func enqueue(_ tag: Int64, _ message: Message) {
        Self.insert(tag, into: &ready[message.route.queue, default: [:]][message.priority ?? 0, default: []])
    }

    private static func insert(_ tag: Int64, into queue: inout Deque<Int64>) {
        let index = queue.lastIndex { $0 < tag }.map { $0 + 1 } ?? queue.startIndex
        queue.insert(tag, at: index)
    }

    func promoteDue(_ now: Timestamp) {
        while let first = scheduled.first, first.due <= now {
            scheduled.removeFirst()
            if let entry = entries[first.tag] { enqueue(first.tag, entry.message) }
        }
    }

    private func popFirst(of queues: [String]) -> Int64? {
        let candidates = queues.flatMap { queue in
            (ready[queue] ?? [:]).compactMap { priority, waiting in waiting.first.map { (queue, priority, $0) } }
        }
        guard let best = candidates.min(by: { (-$0.1, $0.2) < (-$1.1, $1.2) }) else { return nil }
        return ready[best.0]?[best.1]?.popFirst()
    }
}

extension MemoryBroker: QueuePurging {
    package nonisolated var queuesToPurge: [String]? { nil }

    package func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) -> [String: Int] {
        var counts = Dictionary((queues ?? []).map { ($0, 0) }) { first, _ in first }
        for entry in drop({ queues?.contains($0.message.route.queue) ?? true }) { counts[entry.message.route.queue, default: 0] += 1 }
        return counts
    }

    /// Drops the matching messages that no worker holds.
    private func drop(_ isDropped: (Entry) -> Bool) -> [Entry] {
        let gone = entries.values.filter { $0.worker == nil && isDropped($0) }
        for entry in gone {
            entries[entry.tag] = nil
            tags[entry.message.id] = nil
        }
        let tags = Set(gone.map(\.tag))
        scheduled.removeAll { tags.contains($0.tag) }
        ready = ready.mapValues { $0.mapValues { $0.filter { !tags.contains($0) } } }
        return gone
    }
}

extension MemoryBroker: KeyedPublishing {
    package func publish(_ message: Message, key: String, ttl: Duration) throws -> TaskID {
        let now = self.now()
        if let earlier = keys[key], earlier.expires > now { return earlier.id }
        try publish([message])
        keys[key] = (message.id, now + ttl)
        return message.id
    }
}

extension MemoryBroker: MessageWithdrawing {
    package func withdraw(_ ids: [TaskID]) -> Set<TaskID> {
        let ids = Set(ids)
        return Set(drop { ids.contains($0.message.id) }.map(\.message.id))
    }
}
