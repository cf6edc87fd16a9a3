import CeleryAMQP
import CeleryCore
import RabbitMQ

/// Follows the events of a RabbitMQ server: from the log of events if it exists, else live.
final class AMQPEventFeed: EventFeed {
    /// Messages returned at a time.
    private static let pieceLimit = 200
    /// Time limit for the first connection.
    private static let connectLimit: Duration = .seconds(20)

    private let inbox: EventInbox
    private let owner: ConnectionOwner
    private let location: String

    /// Subscribes. After it returns, no event is missed.
    init(broker: AMQPBroker, _ inbox: EventInbox) async throws {
        self.inbox = inbox
        location = broker.location
        owner = try ConnectionOwner(broker.link.alternatives, .always) { [now = broker.now] in EventSubscription(inbox: inbox, now: now) }
        let deadline = ContinuousClock.now + Self.connectLimit
        do {
            while true {
                let seen = inbox.bell.count
                if try inbox.isReady() { return }
                guard deadline > .now else { throw RabbitMQError(.timeout, "subscribing to events timed out") }
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
                // Acknowledge what was taken, so that the server sends more.
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
