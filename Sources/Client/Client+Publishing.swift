package import CeleryCore
import Wire

extension Client {
    /// Publishes messages. Returns when the broker has stored them durably. Also sends `task-sent` events if the settings say so.
    ///
    /// - Throws: `DriverError`, as `Broker.publish`.
    package func publish(_ messages: [Message]) async throws {
        try await broker.publish(messages)
        await sendSentEvents(messages)
    }

    /// Publishes a message unless one with the same key was published within `ttl`. Returns the id that holds the key.
    ///
    /// - Throws: `DriverError`, `unsupported` where the broker remembers no keys.
    package func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID {
        guard let keyed = broker as? any KeyedPublishing else { throw DriverError.lacks("submit by key", broker.location) }
        let id = try await keyed.publish(message, key: key, ttl: ttl)
        if id == message.id { await sendSentEvents([message]) }
        return id
    }

    /// Sends `task-sent` events to monitors. Errors are ignored, since the tasks themselves were sent.
    private func sendSentEvents(_ messages: [Message]) async {
        guard settings.sendsSentEvents, let broker = broker as? any EventSending else { return }
        let now = Timestamp.now
        let redaction = settings.redaction
        let events = messages.map { message in
            let event = TaskEvent.sent(message, redaction)
            return eventSource.event(event.type, event.details, at: now)
        }
        try? await broker.send(events)
    }

    /// The same call again, under a new id; see `Message.again`.
    ///
    /// - Throws: `BodyError` when the workflow of the message cannot be read.
    package func again(_ message: Message) throws -> Message {
        try message.again(origin: MessageFactory.origin, replyTo: factory.replyTo, now: .now)
    }
}
