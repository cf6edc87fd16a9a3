package import CeleryCore
import Proton
import Synchronization
import Wire

// Events are told to whoever listens, and not kept: a topic has no past.
extension AMQP10Broker: EventSending {
    private static let batch = 500

    package func send(_ events: [Event]) async throws {
        guard !events.isEmpty else { return }
        let server = try await server()
        // Where there are no topics, nobody can listen.
        guard server.hasTopics else { return }
        let parcels = try EventMessage.messages(of: events).map { try telling(EventMessage.exchange, $0, at: server) }
        for start in stride(from: 0, to: parcels.count, by: Self.batch) {
            let part = Array(parcels[start..<min(start + Self.batch, parcels.count)])
            if let error = await client.send(part, within: .seconds(5)).values.first { throw DriverError(error, at: location) }
        }
    }

    package func keepEvents() async throws { throw DriverError.lacks("keep events for later readers", "broker \(location)") }
}

extension AMQP10Broker: EventFollowing {
    package func events(from start: EventStart) async throws -> any EventFeed {
        guard start == .now else {
            throw DriverError(
                .unsupported, "broker \(location) stores no events, as no AMQP 1.0 server does",
                hint: "--follow alone shows events from now on")
        }
        let mailbox = AMQP10Mailbox(options, topic: try topic(EventMessage.exchange, at: try await server()))
        do throws(ProtonError) {
            _ = try await mailbox.open()
        } catch {
            await mailbox.close()
            throw DriverError(error, at: location)
        }
        return AMQP10EventFeed(mailbox, location)
    }
}

/// Follows events as they are told.
final class AMQP10EventFeed: EventFeed {
    private let mailbox: AMQP10Mailbox
    private let location: String
    private let connections = Mutex(1)

    init(_ mailbox: AMQP10Mailbox, _ location: String) { (self.mailbox, self.location) = (mailbox, location) }

    var patience: Duration { .milliseconds(200) }

    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents {
        while true {
            let seen = mailbox.bell.count
            var piece = FollowedEvents()
            let news = mailbox.takeNews()
            if news.dropped > 0 { piece.gap = EventGap(count: news.dropped, reason: "they came faster than they were read") }
            if let loss = news.loss { piece.notices.append(BrokerNotice("connection to the broker lost: \(loss.message)", isTrouble: true)) }
            let isNew = connections.withLock { known in
                defer { known = news.connections }
                return news.connections > known
            }
            if isNew {
                piece.notices.append(BrokerNotice("connected to \(location) again", isTrouble: false))
                piece.gap = piece.gap ?? EventGap(count: nil, reason: "the connection was lost, and events are not kept")
            }
            for message in mailbox.take() {
                guard let wire = try? AMQP10Envelope.read(message) else { continue }
                piece.events += EventMessage.events(in: wire).events.map { RecordedEvent($0, cursor: nil) }
            }
            if !piece.isEmpty || deadline.map({ $0 <= .now }) ?? false { return piece }
            await mailbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    func close() async { await mailbox.close() }
}
