import CeleryCore
import STOMP
import Wire

/// Receives what is told on a topic, or lies in a queue.
final class STOMPMailbox: TopicMailbox {
    let inbox = TopicInbox<STOMPFrame, STOMPError>()
    let link: STOMPLink

    convenience init(_ options: STOMPOptions, topic destination: String) {
        // The id is of this program alone: RabbitMQ may name a queue after it.
        self.init(
            options,
            subscriptions: [
                STOMPFrame(
                    "SUBSCRIBE",
                    [STOMPFrame.Header("id", "box-\(TaskID())"), STOMPFrame.Header("destination", destination), STOMPFrame.Header("ack", "auto")])
            ])
    }

    init(_ options: STOMPOptions, subscriptions: [STOMPFrame]) {
        link = STOMPLink(
            options,
            listener: STOMPLink.Listener(
                connected: { [inbox] _, _ in
                    inbox.noteConnection()
                    return subscriptions
                },
                heard: { [inbox] frame, _ in inbox.add(frame) },
                lost: { [inbox] error in inbox.noteLoss(error) }))
    }

    /// Connects and listens. From then on nothing is missed.
    func open() async throws(STOMPError) { _ = try await link.connect() }

    static func read(_ frame: STOMPFrame) throws(MalformedMessage) -> WireMessage { try STOMPEnvelope.read(frame) }

    func close() async {
        await link.close()
        bell.ring()
    }
}
