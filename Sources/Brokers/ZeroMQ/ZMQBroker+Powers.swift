package import CeleryCore
import CeleryZMQ

extension ZMQBroker: QueueCounting {
    package func queues() async throws -> [QueueCount] { try await link.ask(Verbs.queues, Nothing()) }
    package func count(of queue: String) async throws -> QueueCount? { try await link.ask(Verbs.queue, queue) }
}

extension ZMQBroker: AgeKnowing {
    package func oldestWaiting() async throws -> [String: Timestamp] { try await link.ask(Verbs.oldestWaiting, Nothing()) }
}

extension ZMQBroker: QueuePurging {
    package var queuesToPurge: [String]? { nil }

    /// The progress is told once, at the end.
    package func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) async throws -> [String: Int] {
        let counts = try await link.ask(Verbs.purge, queues)
        progress(counts.values.reduce(0, +))
        return counts
    }
}

extension ZMQBroker: KeyedPublishing {
    package func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID {
        try await link.ask(Verbs.publishKeyed, Triple(message, key, ttl))
    }
}

extension ZMQBroker: MessageShowing {
    package func locate(_ ids: [TaskID]) async throws -> [TaskID: MessageLocation] {
        ids.isEmpty ? [:] : try await link.ask(Verbs.locate, ids)
    }
    package func standing(of id: TaskID) async throws -> MessageStanding? { try await link.ask(Verbs.standing, id) }
}

extension ZMQBroker: LimitReporting {
    package func limitWait(of id: TaskID) async throws -> LimitWait? { try await link.ask(Verbs.limitWait, id) }
}

extension ZMQBroker: WaitingListing {
    package func waitingTasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask] {
        try await link.ask(Verbs.waitingTasks, Pair(filter, limit))
    }
}

extension ZMQBroker: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        try await link.ask(Verbs.messageIDs, Pair(prefix, limit))
    }
}

extension ZMQBroker: WorkerListing {
    package var knowsWorkers: Bool { true }
    package func workers() async throws -> [WorkerReport] { try await link.ask(Verbs.workers, Nothing()) }
}

extension ZMQBroker: LossTelling {
    package func lostWorkers() async throws -> LostWorkers { try await link.ask(Verbs.lostWorkers, Nothing()) }
}

extension ZMQBroker: MessageWithdrawing {
    package func withdraw(_ ids: [TaskID]) async throws -> Set<TaskID> {
        var withdrawn: Set<TaskID> = []
        for start in stride(from: 0, to: ids.count, by: Self.idsAtOnce) {
            withdrawn.formUnion(try await link.ask(Verbs.withdraw, Array(ids[start..<min(start + Self.idsAtOnce, ids.count)])))
        }
        return withdrawn
    }

    private static let idsAtOnce = 10_000
}

extension ZMQBroker: DeadLetterKeeping {
    package func deadLetters(_ filter: DeadLetterFilter, limit: Int, withContent: Bool) async throws -> [DeadLetter] {
        try await link.ask(Verbs.deadLetters, Triple(filter, limit, withContent))
    }
    package func bury(_ message: Message, _ burial: Burial) async throws { _ = try await link.ask(Verbs.bury, Pair(message, burial)) }
    package func replay(_ filter: DeadLetterFilter, limit: Int, to queue: String?) async throws -> [DeadLetterReplay] {
        try await link.ask(Verbs.replay, Triple(filter, limit, queue))
    }
    package func dropDeadLetters(_ filter: DeadLetterFilter, limit: Int) async throws -> [DeadLetter] {
        try await link.ask(Verbs.dropDeadLetters, Pair(filter, limit))
    }
    package func replayClears(_ store: any ResultStore) -> Bool { sharesServer(with: store) }
}

extension ZMQBroker: StatisticsKeeping {
    package var statisticsInterval: Duration { .seconds(2) }
    package func add(_ report: StatisticsReport) async throws { _ = try await link.ask(Verbs.addStatistics, report) }
    package func statistics(since: Timestamp?) async throws -> StatisticsLedger { try await link.ask(Verbs.statistics, since) }
    package func resetStatistics() async throws { _ = try await link.ask(Verbs.resetStatistics, Nothing()) }
}
