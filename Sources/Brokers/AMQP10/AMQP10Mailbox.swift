import CeleryCore
import Proton
import Wire

/// Receives what is told on a topic.
final class AMQP10Mailbox: TopicMailbox {
    let inbox = TopicInbox<ProtonMessage, ProtonError>()
    let client: ProtonClient

    /// Messages that may be on their way.
    private static let credit = 2_000

    init(_ options: ProtonOptions, topic: ProtonNode) {
        let reply = ReplyingClient()
        client = ProtonClient(
            options,
            listener: ProtonClient.Listener(
                connected: { [inbox] _, _ in
                    inbox.noteConnection()
                    return [.receive(1, from: topic, credit: Self.credit)]
                },
                heard: { [inbox] arrival, generation in
                    reply.client?.post(
                        [.credit(1, Self.credit)] + (arrival.delivery.map { [.settle([$0], .accepted)] } ?? []), on: generation)
                    if let message = try? ProtonMessage(decoding: arrival.bytes) { inbox.add(message) }
                },
                lost: { [inbox] error in inbox.noteLoss(error) }))
        reply.set(client)
    }

    /// Connects and listens. From then on nothing is missed.
    func open() async throws(ProtonError) { _ = try await client.connect() }

    static func read(_ message: ProtonMessage) throws(MalformedMessage) -> WireMessage { try AMQP10Envelope.read(message) }

    func close() async {
        await client.close()
        bell.ring()
    }
}
