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
    func open() async throws(STOMPError) -> STOMPServer {
        let server = try await link.connect()
        // The server carries frames out in their order: the end of this transaction comes after the subscription.
        let name = STOMPFrame.Header("transaction", "open")
        try await link.send([STOMPFrame("BEGIN", [name]), STOMPFrame("ABORT", [name], wantsReceipt: true)])
        return server
    }

    static func read(_ frame: STOMPFrame) throws(MalformedMessage) -> WireMessage { try STOMPEnvelope.read(frame) }

    /// What came since the last call.
    func take() throws -> [STOMPFrame] { inbox.take() }

    func close() async {
        await link.close()
        bell.ring()
    }
}
