package import CeleryCore
import Synchronization

/// A worker's subscription to a `MemoryBroker`.
package final class MemoryConsumer: BrokerConsumer {
    let broker: MemoryBroker
    private let selected: Mutex<[String]>
    let worker: WorkerIdentity
    /// Answers remote-control requests.
    private let handler = Mutex<(@Sendable (ControlRequest) async -> JSON?)?>(nil)
    let bell: Bell
    /// Number of the last revocation taken.
    let lastCommand = Mutex(0)
    let knownPauses = Mutex<[String: QueuePause]>([:])

    init(broker: MemoryBroker, queues: [String], worker: WorkerIdentity, bell: Bell) {
        self.broker = broker
        selected = Mutex(queues)
        self.worker = worker
        self.bell = bell
    }

    var queues: [String] { selected.withLock { $0 } }

    package func take(_ maximum: Int) async throws -> [Delivery] {
        await broker.take(maximum, from: queues, for: worker)
    }

    package func waitForWork(until deadline: ContinuousClock.Instant?) async throws {
        let seen = bell.count
        if await broker.hasReady(queues) { return }
        var wake = deadline
        if let due = await broker.nextDue() {
            let instant = ContinuousClock.now + max(.zero, due - (await broker.timeNow()))
            wake = wake.map { min($0, instant) } ?? instant
        }
        await bell.wait(since: seen, until: wake)
    }

    package func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        await broker.settle(outcomes, of: worker)
    }

    package func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {
        await broker.giveBack(handles, of: worker, started: started)
    }

    package func giveBack(crashed handles: [DeliveryHandle]) async throws {
        await broker.giveBack(handles, of: worker, started: true, isCrash: true)
    }

    package func close() async { await broker.end(worker, died: false) }

    /// Ends as a killed worker would: its deliveries count as tried.
    package func die() async { await broker.end(worker, died: true) }
}

extension MemoryConsumer: BacklogKnowing {
    package func backlog() async throws -> Int { await broker.backlog(of: queues) }
}

extension MemoryConsumer: RemoteControllable {
    package func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?) {
        self.handler.withLock { $0 = handler }
    }

    /// Sends a request to this worker.
    func answer(_ request: ControlRequest) async -> JSON? { await handler.withLock { $0 }?(request) }
}

extension MemoryConsumer: QueueSwitching {
    package var consumedQueues: [String] { queues }

    package func consume(from queues: [String]) async throws {
        selected.withLock { $0 = queues.distinct }
        bell.ring()
    }

    package func define(_ queue: QueueDefinition) {}
}

extension MemoryConsumer: WaitingKnowing {
    package func waiting(upTo most: Int, within limits: [String: TaskLimit]) async throws -> Int {
        min(most, await broker.waiting(in: queues))
    }

    package var seesWhatIsDue: Bool { true }
}

extension MemoryConsumer: ScheduleKnowing {
    package func scheduled(upTo most: Int) async throws -> [Message] { await broker.scheduled(in: queues, upTo: most) }
}
