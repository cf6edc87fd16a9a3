import CeleryCore
import CeleryZMQ
import Synchronization

extension Subscription {
    /// Subscribes a worker, or goes on with its subscription after its connection, or this server, has ended.
    ///
    /// - Parameter held: The deliveries that have reached it.
    static func open(_ call: Call, _ worker: WorkerIdentity, queues: [String], holding held: [DeliveryHandle]) async throws {
        guard call.place == worker.id, !worker.id.isEmpty else { throw DriverError(.refused, "a subscription has the name of its worker") }
        if case .subscription(let earlier)? = try call.service.places.earlier(call.place, of: call.caller)?.content { await earlier.endTaking() }
        let broker = call.service.broker
        let consumer: any BrokerConsumer
        if let resuming = broker as? any SubscriptionResuming {
            consumer = try await resuming.resume(holding: held, of: queues, as: worker)
        } else {
            consumer = try await broker.consumer(of: queues, as: worker)
        }
        try call.service.places.add(Place(.subscription(Subscription(consumer)), of: call.caller), call.place)
    }

    /// Bytes of messages in one answer.
    private static let mostBytes = WireBounds.messageBytes / 2
    private static let most = 1_000

    /// Takes messages; waits for one.
    func take(_ maximum: Int, until deadline: ContinuousClock.Instant) async throws -> [Delivery] {
        let consumer = self.consumer
        let task = Task { () async throws -> [Delivery] in
            while true {
                let found = try await consumer.take(maximum.bounded(Self.most))
                if !found.isEmpty { return try await Self.fitting(found, consumer) }
                if deadline <= .now || Task.isCancelled || maximum <= 0 { return [] }
                do {
                    try await consumer.waitForWork(until: deadline)
                } catch is CancellationError {}
            }
        }
        // A client has one take at a time; another one would be one too many.
        let earlier = taking.withLock { taking in
            defer { taking = task }
            return taking
        }
        earlier?.cancel()
        defer { taking.withLock { if $0 == task { $0 = nil } } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// The first deliveries, as many as fit into one answer; the others go back. One that fits into none is handed over as unreadable.
    private static func fitting(_ deliveries: [Delivery], _ consumer: any BrokerConsumer) async throws -> [Delivery] {
        var fitting: [Delivery] = []
        var size = 0
        for var delivery in deliveries {
            let bytes = delivery.size
            if bytes > mostBytes {
                delivery.defect = Delivery.Defect("too large for a worker at zmq://: \(bytes >> 20) MB", hasID: true)
                delivery.message.body.bytes = []
                delivery.encoded = nil
            } else {
                guard size + bytes <= mostBytes else { break }
                size += bytes
            }
            fitting.append(delivery)
        }
        let rest = deliveries.dropFirst(fitting.count).map(\.handle)
        if !rest.isEmpty { try await consumer.giveBack(rest, started: false) }
        return fitting
    }
}

extension Delivery {
    /// Bytes of the message, nearly.
    fileprivate var size: Int { encoded.map { $0.headers.count + $0.body.count } ?? message.body.bytes.count }
}

/// Waits that may have no end of their own.
enum Waiting {
    /// - Returns: Whether the wait has ended by itself before the deadline.
    static func ends(before deadline: ContinuousClock.Instant, _ wait: @escaping @Sendable () async throws -> Void) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await wait()) != nil }
            group.addTask {
                try? await Task.sleep(until: deadline)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }
}
