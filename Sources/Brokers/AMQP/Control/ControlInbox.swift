import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// Remote-control requests on their way from the connection's thread to the worker.
final class ControlInbox: Sendable {
    private let requests: AsyncStream<WireMessage>
    private let pass: AsyncStream<WireMessage>.Continuation

    init() { (requests, pass) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_000)) }

    func add(_ message: WireMessage) { pass.yield(message) }

    func finish() { pass.finish() }

    /// Answers requests, one after the other, until the subscription ends.
    func answer(
        as node: String, through broker: AMQPBroker, _ handler: @Sendable (ControlRequest) async -> JSON?
    ) async {
        var clock = 0
        for await message in requests {
            // Ignore malformed requests and requests for other workers.
            guard let control = try? ControlMessage(message), control.isFor(node) else { continue }
            clock = max(clock, control.clock) + 1
            if control.isExpired(at: broker.now()) { continue }
            guard let value = await handler(control.request),
                let answer = control.answer(of: node, value, clock: clock)
            else { continue }
            // A client that has left does not need the answer.
            try? await broker.link.publish([
                Publication(answer, isMandatory: false, needs: [.exchange(ControlQueue.replies)])
            ])
        }
    }
}

extension AMQPConsumer: RemoteControllable {
    package func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?) {
        Task { [inbox, node, broker] in await inbox.control.answer(as: node, through: broker, handler) }
    }
}
