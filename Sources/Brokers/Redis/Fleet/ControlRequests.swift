package import CeleryCore
import Redis
import Wire

/// Requests of remote control on their way from the channel of `celery.pidbox` to a worker.
final class ControlRequests: Sendable {
    private let broker: RedisBroker
    private let subscription: RedisSubscription
    private let requests: AsyncStream<[UInt8]>
    private let pass: AsyncStream<[UInt8]>.Continuation

    init(_ broker: RedisBroker) {
        self.broker = broker
        let (requests, pass) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(1_000))
        (self.requests, self.pass) = (requests, pass)
        subscription = RedisSubscription(
            broker.options.server, RedisSubscription.Listener(heard: { _, bytes in pass.yield(bytes) }, resumed: {}))
    }

    /// Returns when no request is missed any more.
    func listen() async throws { try await subscription.subscribe([.name(broker.channel(ControlMessage.exchange))]) }

    /// Answers requests, one after the other, until the subscription ends.
    func answer(as node: String, _ handler: @Sendable (ControlRequest) async -> JSON?) async {
        var clock = 0
        for await bytes in requests {
            // Ignore malformed requests and requests for other workers.
            guard let envelope = try? RedisEnvelope(bytes), let control = try? ControlMessage(envelope.wire), control.isFor(node) else { continue }
            clock = max(clock, control.clock) + 1
            if control.isExpired(at: broker.now()) { continue }
            guard let value = await handler(control.request), let answer = control.answer(of: node, value, clock: clock) else { continue }
            // A client that has left does not need the answer.
            try? await broker.answer(answer)
        }
    }

    func close() async {
        pass.finish()
        await subscription.close()
    }
}

extension RedisConsumer: RemoteControllable {
    package func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?) {
        Task { [requests, node = identity.name] in await requests.answer(as: node, handler) }
    }
}
