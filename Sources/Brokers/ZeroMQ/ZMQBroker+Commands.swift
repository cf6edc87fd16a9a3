package import CeleryCore
import CeleryZMQ

extension ZMQBroker: WorkerAsking {
    package func ask(_ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration) async throws -> WorkerAnswers {
        let answers = try await link.ask(Verbs.ask, Triple(requests, workers, limit))
        try Task.checkCancellation()
        return answers
    }
    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        _ = try await link.ask(Verbs.tell, Pair(request, workers))
    }
}

extension ZMQBroker: Revoking {
    package func endsInto(_ store: any ResultStore) -> Bool { sharesServer(with: store) }

    /// The server ends the removed messages itself, as `RevokedTask` does, and stores their results in its file: `ending` is not asked.
    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws -> RevocationReport {
        let answer = try await link.ask(Verbs.revoke, Pair(revocations, name))
        let messages = answer.second.map { RemovedMessage(id: $0.first, outcome: $0.second) }
        if !messages.isEmpty { try await removed(messages) }
        var report = RevocationReport()
        report.fates = answer.first
        return report
    }
}

extension ZMQBroker: CommandShowing {
    package func standingCommands() async throws -> StandingCommands { try await link.ask(Verbs.standingCommands, Nothing()) }
    package func pause(_ queue: String, _ pause: QueuePause) async throws { _ = try await link.ask(Verbs.pause, Pair(queue, pause)) }
    package func resume(_ queue: String) async throws -> Bool { try await link.ask(Verbs.resume, queue) }
    package func pausedQueues() async throws -> [String: QueuePause] { try await link.ask(Verbs.pausedQueues, Nothing()) }
}

extension ZMQBroker: EventSending {
    package func send(_ events: [Event]) async throws {
        if !events.isEmpty { _ = try await link.ask(Verbs.sendEvents, events) }
    }

    /// The server's settings say for how long they are kept.
    package func keepEvents() async throws {}
}

extension ZMQBroker: EventReading {
    package func events(of ids: [TaskID]) async throws -> [RecordedEvent] { try await link.ask(Verbs.eventsOf, ids) }
}

extension ZMQBroker: EventFollowing {
    package func events(from start: EventStart) async throws -> any EventFeed {
        let feed = ZMQEventFeed(link: link, start: start)
        try await feed.open()
        return feed
    }
}

extension ZMQBroker: BeatKeeping {
    package func seat(in beat: String, as identity: WorkerIdentity) async throws -> any BeatSeat {
        let seat = ZMQBeatSeat(link: link, beat: beat, identity: identity)
        try await seat.open()
        return seat
    }
    package func state(of beat: String) async throws -> BeatState { try await link.ask(Verbs.beatState, beat) }
    package func tell(_ command: LeaderCommand, in beat: String) async throws { _ = try await link.ask(Verbs.tellBeat, Pair(command, beat)) }
}
