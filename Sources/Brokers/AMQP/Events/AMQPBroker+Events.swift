import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Wire

extension AMQPBroker: EventSending {
    package func send(_ events: [Event]) async throws {
        guard !events.isEmpty else { return }
        try await forEvents.publish(
            EventMessage.messages(of: events).map { Publication($0, isMandatory: false, needs: [.exchange(EventQueues.exchange)]) })
    }

    /// Declares the log of events, a stream bound to the event exchange. An existing log is left unchanged.
    package func keepEvents() async throws {
        guard let seconds = settings.eventLog else { return }
        let log = EventQueues.log(seconds: seconds)
        do {
            let server = try await forEvents.abilities()
            guard server.has(.streams) else { throw Self.noStreams(server, location) }
            _ = try await forEvents.answer { (connection, channel) throws(RabbitMQError) in
                try connection.declare(EventQueues.exchange, on: channel)
            }
            let declared = try await forEvents.answer { (connection, channel) throws(RabbitMQError) in
                try connection.declare(log, on: channel)
            }
            if case .failure(let error) = declared, error.code != .refused(406) { throw error }
            try await forEvents.answer { (connection, channel) throws(RabbitMQError) in
                try connection.bindQueue(log.name, to: EventQueues.exchange.name, key: "#", on: channel)
            }.get()
        } catch let error as RabbitMQError {
            throw DriverError(error, at: location)
        }
    }

    private static func noStreams(_ server: ServerAbilities, _ location: String) -> DriverError {
        DriverError(.unsupported, "broker \(location) stores no events: \(server.title) has no streams, which need RabbitMQ 3.9")
    }
}

extension AMQPBroker: EventFollowing {
    package func events(from start: EventStart) async throws -> any EventFeed {
        var beginning = EventInbox.Beginning.next
        switch start {
        case .now: break
        case .oldest: beginning = .first
        case .since(let time): beginning = .since(time)
        case .after(let text):
            guard let cursor = StreamCursor(text) else {
                throw DriverError(
                    .refused, "cursor '\(text.forLog)' is not valid for \(location)", hint: "cursors of RabbitMQ look like 123 or 123.4")
            }
            beginning = .at(cursor)
        }
        let usesLog = try await hasLog()
        guard usesLog || start == .now else {
            throw DriverError(
                .unsupported, "broker \(location) stores no events: it has no stream \(EventQueues.logName)",
                hint: "a worker with -E creates it, on RabbitMQ 3.9 and later; --follow alone shows events from now on")
        }
        return try await AMQPEventFeed(broker: self, EventInbox(usesLog: usesLog, beginning: beginning))
    }

    private func hasLog() async throws -> Bool {
        do {
            let state = try await forEvents.answer { (connection, channel) throws(RabbitMQError) in
                try connection.declare(QueueDeclaration(EventQueues.logName), isPassive: true, on: channel)
            }
            switch state {
            case .success: return true
            case .failure(let error) where error.code == .refused(404): return false
            case .failure(let error): throw error
            }
        } catch let error as RabbitMQError {
            throw DriverError(error, at: location)
        }
    }
}
