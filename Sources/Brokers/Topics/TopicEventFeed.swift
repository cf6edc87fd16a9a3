import CeleryCore
import Synchronization
import Wire

/// Follows events as they are told on a topic.
final class TopicEventFeed<Mailbox: TopicMailbox>: EventFeed {
    private let mailbox: Mailbox
    private let location: String
    private let connections = Mutex(1)

    init(_ mailbox: Mailbox, _ location: String) { (self.mailbox, self.location) = (mailbox, location) }

    var patience: Duration { .milliseconds(200) }

    func next(until deadline: ContinuousClock.Instant?) async throws -> FollowedEvents {
        while true {
            let seen = mailbox.bell.count
            var piece = FollowedEvents()
            let news = mailbox.takeNews()
            if news.dropped > 0 { piece.gap = EventGap(count: news.dropped, reason: "they came faster than they were read") }
            if let loss = news.loss { piece.notices.append(BrokerNotice("connection to the broker lost: \(loss)", isTrouble: true)) }
            let isNew = connections.withLock { known in
                defer { known = news.connections }
                return news.connections > known
            }
            if isNew {
                piece.notices.append(BrokerNotice("connected to \(location) again", isTrouble: false))
                piece.gap = piece.gap ?? EventGap(count: nil, reason: "the connection was lost, and events are not kept")
            }
            for wire in mailbox.takeMessages() {
                piece.events += EventMessage.events(in: wire).events.map { RecordedEvent($0, cursor: nil) }
            }
            if !piece.isEmpty || deadline.map({ $0 <= .now }) ?? false { return piece }
            await mailbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }

    func close() async { await mailbox.close() }
}
