import CeleryAMQP
import CeleryCore
import RabbitMQ

/// Follows the events of a RabbitMQ server: from the log of events if there is one, else as they happen.
final class AMQPEventFeed: EventFeed {
    /// Messages at a time.
    private static let pieceLimit = 200
    /// For the first connection.
    private static let connectLimit: Duration = .seconds(20)

    private let inbox: EventInbox
    private let owner: ConnectionOwner
    private let location: String

    /// Subscribes; returns when nothing that happens from now on is missed.
    init(broker: AMQPBroker, _ inbox: EventInbox) async throws {
        self.inbox = inbox
        location = broker.location
        owner = try ConnectionOwner(broker.link.alternatives, .always) { [now = broker.now] in EventSubscription(inbox: inbox, now: now) }
        let deadline = ContinuousClock.now + Self.connectLimit
        do {
            while true {
                let seen = inbox.bell.count
                if try inbox.isReady() { return }
                guard deadline > .now else { throw RabbitMQError(.timeout, "the server does not let us subscribe to events in time") }
                await inbox.bell.wait(since: seen, until: deadline)
                try Task.checkCancellation()
            }
        } catch {
            await owner.abort()
            throw (error as? RabbitMQError).map { DriverError($0, at: location) } ?? error
        }
    }

    var patience: Duration { .seconds(1) }

    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents {
        while true {
            let seen = inbox.bell.count
            let piece: FollowedEvents
            do throws(RabbitMQError) {
                piece = try inbox.take(Self.pieceLimit)
            } catch {
                throw DriverError(error, at: location)
            }
            if !piece.isEmpty {
                // What was taken is acknowledged, so that more comes.
                owner.wake()
                return piece
            }
            if deadline.map({ $0 <= .now }) ?? false { return piece }
            await inbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    func close() async { await owner.close() }
}
