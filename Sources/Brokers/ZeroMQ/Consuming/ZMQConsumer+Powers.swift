package import CeleryCore
import CeleryZMQ
import Synchronization

/// Deliveries of one answer.
final class Arrived: Sendable {
    let deliveries = Mutex<[Delivery]>([])
}

extension ZMQConsumer: LeaseHolding {
    package var leaseRenewalInterval: Duration { .seconds(1) }

    package func renewLease() async throws -> [(worker: String, messages: Int)] {
        try await place.ask(Verbs.renewLease, Nothing()).map { ($0.first, $0.second) }
    }

    package func announce(tasks: [String]) async throws {
        state.withLock { $0.tasks = tasks }
        _ = try await place.ask(Verbs.announceTasks, tasks)
    }
}

extension ZMQConsumer: BacklogKnowing {
    package func backlog() async throws -> Int { try await place.ask(Verbs.backlog, Nothing()) }
}

extension ZMQConsumer: WaitingKnowing {
    package var seesWhatIsDue: Bool { true }
    package func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int {
        try await place.ask(Verbs.waiting, Pair(most, limits))
    }
}

extension ZMQConsumer: ScheduleKnowing {
    package func scheduled(upTo most: Int) async throws -> [Message] { try await place.ask(Verbs.scheduled, most) }
}

extension ZMQConsumer: SpaceReturning {
    package func returnSpace(within limit: Duration) async throws -> Bool { try await place.ask(Verbs.returnSpace, limit) }
}

extension ZMQConsumer: CommandFollowing {
    package func takeCommands() async throws -> StandingCommands { try await place.ask(Verbs.takeCommands, Nothing()) }

    package func waitForCommands() async throws {
        while try await !place.ask(Verbs.awaitCommands, WireBounds.waiting) { try Task.checkCancellation() }
    }
}

extension ZMQConsumer: RemoteControllable {
    package func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?) {
        let task = Task { [weak self] in
            while !Task.isCancelled {
                guard let place = self?.place else { return }
                do {
                    for request in try await place.ask(Verbs.awaitRequests, WireBounds.waiting) {
                        let value = await handler(request.second)
                        _ = try await place.ask(Verbs.answer, Pair(request.first, value))
                    }
                } catch {
                    // The worker itself reports a broker that is gone.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
        state.withLock { state in
            state.control?.cancel()
            state.control = task
        }
    }
}
