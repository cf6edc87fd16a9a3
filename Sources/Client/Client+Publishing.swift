package import CeleryCore
import Wire

extension Client {
    /// Sends messages; returns when the broker has them for good, and monitors were told where the settings say so.
    ///
    /// - Throws: `DriverError`, as `Broker.publish`.
    package func publish(_ messages: [Message]) async throws {
        try await broker.publish(messages)
        await tellSent(messages)
    }

    /// Sends a message unless one of this key was sent before. Returns the id that holds the key.
    ///
    /// - Throws: `DriverError`, `unsupported` where the broker remembers no keys.
    package func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID {
        guard let keyed = broker as? any KeyedPublishing else { throw DriverError.lacks("submit by key", broker.location) }
        let id = try await keyed.publish(message, key: key, ttl: ttl)
        if id == message.id { await tellSent([message]) }
        return id
    }

    /// Tells monitors of tasks that were sent. That they were sent is what counts: nobody is told when this fails.
    private func tellSent(_ messages: [Message]) async {
        guard settings.sendsSentEvents, let broker = broker as? any EventSending else { return }
        let now = Timestamp.now
        let events = messages.map { message in
            let event = TaskEvent.sent(message)
            return eventSource.event(event.type, event.details, at: now)
        }
        try? await broker.send(events)
    }
}
