import CeleryCore
import Synchronization

/// A broker that pushes, as servers do, and counts how often it was told to end that.
final class PushingBroker: ForwardingBroker {
    let base: any Broker
    private let count = Atomic<Int>(0)

    init(base: any Broker) { self.base = base }

    var endings: Int { count.load(ordering: .relaxed) }

    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        PushingConsumer(base: try await base.consumer(of: queues, as: worker)) { [self] in count.add(1, ordering: .relaxed) }
    }
}

private struct PushingConsumer: ForwardingConsumer, DeliveryPushing {
    let base: any BrokerConsumer
    let ended: @Sendable () -> Void

    func haveNoRoom() {}
    func endPushing() async { ended() }
}
