package import CeleryCore
import CeleryZMQ
import Synchronization

/// A worker's subscription at a `celery broker`.
///
/// A waiting worker has one request there, which gives it room for as many messages as it could not get: they come as soon as there are
/// any. What is lost on the way returns to its queue with the next subscription, which tells what has arrived (`held`).
package final class ZMQConsumer: BrokerConsumer {
    let place: ZMQPlace
    let identity: WorkerIdentity
    let state: Mutex<State>

    struct State: Sendable {
        var queues: [String]
        /// The deliveries that have arrived and not ended.
        var held: Set<DeliveryHandle> = []
        /// Deliveries that arrived while the worker was waiting, and that it has not taken yet.
        var arrived: [Delivery] = []
        /// How many more the last take would have taken.
        var room = 1
        var isEnding = false
        var tasks: [String] = []
        /// Answers requests of remote control.
        var control: Task<Void, Never>?
    }

    init(link: ZMQLink, queues: [String], worker: WorkerIdentity) async throws {
        identity = worker
        place = ZMQPlace(link: link, name: worker.id)
        state = Mutex(State(queues: queues.distinct))
        try await place.open { [weak self] in try await self?.subscribe() }
    }

    private func subscribe() async throws {
        let (queues, held, tasks) = state.withLock { ($0.queues, Array($0.held), $0.tasks) }
        _ = try await link.ask(Verbs.subscribe, Triple(identity, queues, held), at: place.name)
        if !tasks.isEmpty { _ = try await link.ask(Verbs.announceTasks, tasks, at: place.name) }
    }

    package func take(_ maximum: Int) async throws -> [Delivery] {
        guard maximum > 0 else { return [] }
        var taken = handOver(maximum)
        if taken.isEmpty {
            try await receive(maximum, wait: .zero)
            taken = handOver(maximum)
        }
        state.withLock { $0.room = max(1, maximum - taken.count) }
        return taken
    }

    private func handOver(_ maximum: Int) -> [Delivery] {
        state.withLock { state in
            defer { state.arrived.removeFirst(min(maximum, state.arrived.count)) }
            return Array(state.arrived.prefix(maximum))
        }
    }

    private func receive(_ maximum: Int, wait: Duration) async throws {
        try await place.receive(Verbs.take, Pair(maximum, wait)) { [self] in note($0) }
    }

    /// Deliveries have arrived.
    func note(_ deliveries: [Delivery]) {
        state.withLock { state in
            state.arrived += deliveries
            state.held.formUnion(deliveries.map(\.handle))
        }
    }

    package func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        while true {
            let (hasWork, room) = state.withLock { (!$0.arrived.isEmpty || $0.isEnding, $0.room) }
            if hasWork { return }
            let wait = min(deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) } ?? WireBounds.waiting, WireBounds.waiting)
            try await receive(room, wait: wait)
            try Task.checkCancellation()
            if let deadline, deadline <= .now { return }
        }
    }

    package func close() async {
        state.withLock { $0.control.take() }?.cancel()
        // A cancelled task must not leave deliveries behind.
        await Task { [self] in _ = try? await place.ask(Verbs.unsubscribe, Nothing()) }.value
    }
}

extension ZMQConsumer: DeliveryPushing {
    package func haveNoRoom() {
        if state.withLock({ !$0.arrived.isEmpty }) { Task { [self] in await handBack() } }
    }

    package func endPushing() async {
        state.withLock { $0.isEnding = true }
        await handBack()
    }

    /// Returns what the worker has not taken. It no longer counts as held, so should the connection be lost before the server hears of
    /// it, the next subscription returns it.
    private func handBack() async {
        let handles = state.withLock { state in
            let handles = state.arrived.map(\.handle)
            state.arrived = []
            state.held.subtract(handles)
            return handles
        }
        guard !handles.isEmpty else { return }
        var backoff = Backoff.working
        while true {
            do {
                _ = try await place.ask(Verbs.giveBack, Pair(handles, false))
                return
            } catch {
                // The server is there and cannot do it now: its disk may be full. At the end, `close` returns what is left.
                guard (error as? DriverError)?.code != .unreachable, !state.withLock({ $0.isEnding }) else { return }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }
}

extension ZMQConsumer: QueueSwitching {
    package var consumedQueues: [String] { state.withLock { $0.queues } }

    package func consume(from queues: [String]) async throws {
        let queues = queues.distinct
        _ = try await place.ask(Verbs.consume, queues)
        let others = state.withLock { state in
            state.queues = queues
            let others = state.arrived.filter { !queues.contains($0.message.route.queue) }
            state.arrived.removeAll { !queues.contains($0.message.route.queue) }
            return others.map(\.handle)
        }
        if !others.isEmpty { try await giveBack(others, started: false) }
    }

    /// A queue needs no definition: it exists through its messages.
    package func define(_ queue: QueueDefinition) {}
}
