import Fixtures
import Foundation
import Testing

extension BrokerPower {
    /// What the manual calls the power; `nil` for what only the tests tell apart.
    var title: String? {
        switch self {
        case .ages: "age of the oldest message"
        case .counting: "count messages in queues"
        case .purging: "delete waiting messages"
        case .keys: "one task for a key (--key)"
        case .locating: "tell where a task is"
        case .listing: "list waiting messages"
        case .withdrawing: "remove single messages"
        case .backlog: "work until queues are empty"
        case .losses: "list lost workers"
        case .replies: "send results to clients"
        case .workers: "know workers without asking"
        case .leases: "leases that workers renew"
        case .atomicSettling: "result and acknowledgement as one"
        case .jointSettling: "both as one script"
        case .deadLetters: "keep dead letters"
        case .switching: "change queues at work"
        case .commands: "pause queues, keep revocations"
        case .demand: "grow with what waits"
        case .limits: "limits over all workers"
        case .postponing: "hold postponed messages"
        case .events: "events"
        case .keptEvents: "events of the past"
        case .eventReading: "events of single tasks"
        case .searching: "search for a message"
        case .eventSearching: "search for the events of a task"
        case .statistics: "statistics"
        case .beat: "periodic tasks"
        case .control: "remote control"
        case .showing: "place of a message in its queue"
        case .flightRecords: "blame the task that ended a worker"
        case .uniqueIDs: "refuse an id in use"
        case .countedAttempts: "exact numbers of attempts"
        case .oneOrder: "one order over all queues"
        case .returning: "return what a lost worker had"
        case .returnOrder: "returned messages keep their order"
        case .firstReaders: "several first readers of dead letters"
        case .highestFirst: "highest priority first"
        case .priorities: "priorities"
        case .leaseChecking, .deadLetterSending, .commandShowing, .schedule, .probing, .pushing, .notices, .holdingAhead, .spaceReturning,
            .widePriorities, .exactCounts, .reportNumbers, .resuming, .queueRemoving, .declarationChecking, .lacking, .ids:
            nil
        }
    }
}

extension TestedBroker {
    /// What the manual calls the broker; `nil` for one that is only for tests.
    var title: String? {
        switch self {
        case .memory: nil
        case .sqlite: "SQLite"
        case .rabbitMQ: "RabbitMQ"
        case .plainAMQP: "other AMQP"
        case .redis: "Redis"
        case .zmq: "ZeroMQ"
        case .activeMQ: "ActiveMQ"
        case .rabbitMQByStomp: "plugin"
        case .rabbitMQByAMQP10: "AMQP 1.0"
        case .proton: "example"
        }
    }
}

/// The table in celery(7) of what each broker can do.
@Suite struct BrokerPowerTableTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../man/celery.7").standardized
    private static let first = #".\" Powers by broker. Generated: CELERY_RECORD=1 swift test --filter BrokerPowerTableTests"#
    private static let last = #".\" End of the powers by broker."#

    /// The brokers for whose columns a page is wide enough.
    private static let columns = 5

    /// Drivers declare their powers, and `BrokerPowerTests` sees that they have them.
    private var table: String {
        let brokers = TestedBroker.allCases.filter { $0.title != nil }
        let parts = stride(from: 0, to: brokers.count, by: Self.columns).map { part(Array(brokers[$0...].prefix(Self.columns))) }
        return ([Self.first] + parts + [Self.last]).joined(separator: "\n")
    }

    private func part(_ brokers: [TestedBroker]) -> String {
        let titles = brokers.compactMap(\.title)
        let powers = BrokerPower.allCases.filter { $0.title != nil }
        let widest = powers.compactMap(\.title).max { $0.count < $1.count } ?? ""
        let head = ".Bl -column " + ([widest] + titles).map { "\"\($0)\"" }.joined(separator: " ")
        let rows = powers.map { power in
            ".It " + ([power.title ?? ""] + brokers.map { $0.fixture.powers.contains(power) ? "yes" : "no" }).joined(separator: " Ta ")
        }
        return ([head, ".It " + (["power"] + titles).joined(separator: " Ta ")] + rows + [".El"]).joined(separator: "\n")
    }

    @Test func `the manual says what the drivers declare`() throws {
        var text = try String(contentsOf: Self.page, encoding: .utf8)
        let begin = try #require(text.range(of: Self.first))
        let end = try #require(text.range(of: Self.last))
        let range = begin.lowerBound..<end.upperBound
        if ProcessInfo.processInfo.environment["CELERY_RECORD"] == "1", text[range] != table {
            text.replaceSubrange(range, with: table)
            try text.write(to: Self.page, atomically: true, encoding: .utf8)
            return
        }
        #expect(text[range] == table, "run: CELERY_RECORD=1 swift test --filter BrokerPowerTableTests")
    }
}
