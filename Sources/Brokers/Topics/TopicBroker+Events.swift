import CeleryCore
import Wire

/// Messages with events that are sent at a time.
private let batch = 500

extension TopicBroker {
    package func send(_ events: [Event]) async throws {
        guard !events.isEmpty else { return }
        let server = try await server()
        guard Self.hasTopics(server) else { return }
        let parcels = try EventMessage.messages(of: events).map { try telling(EventMessage.exchange, $0, at: server) }
        for start in stride(from: 0, to: parcels.count, by: batch) {
            try await send(events: Array(parcels[start..<min(start + batch, parcels.count)]))
        }
    }

    package func keepEvents() async throws { throw DriverError.lacks("keep events for later readers", "broker \(location)") }

    package func events(from start: EventStart) async throws -> any EventFeed {
        guard start == .now else {
            throw DriverError(
                .unsupported, "broker \(location) stores no events, as no \(Self.protocolName) server does",
                hint: "--follow alone shows events from now on")
        }
        return TopicEventFeed(try await mailbox(of: EventMessage.exchange), location)
    }
}
