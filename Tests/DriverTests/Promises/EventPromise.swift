import Brokers
import CeleryCore
import Fixtures
import Testing

/// What every broker promises of events: the sentence, and below its proof.
enum EventPromise: String, CaseIterable, Sendable {
    case follows = "hands over what is sent from now on, in order and whole, to every follower"
    case many = "hands over many, more than are on their way at a time"
    case startsLate = "does not hand over what was before, unless asked"
    case oldest = "hands over what is kept, from the oldest on"
    case resumes = "goes on after a cursor, with nothing lost and nothing twice"
    case resumesInBatch = "goes on after each event of a batch"
    case since = "begins at a time"
    case deadline = "a wait for events ends at its deadline"
    case strangeCursor = "refuses a cursor that is none of its own"
    case farCursor = "tells of a gap when the cursor is past the end"
    case ofTasks = "remembers what happened to single tasks"

    /// Without these powers a driver cannot keep it, and need not.
    var needs: Set<BrokerPower> {
        switch self {
        case .ofTasks: [.events, .eventReading]
        // A server has a clock of its own; only a driver that counts what it keeps goes by the test's.
        case .since: [.events, .keptEvents, .exactCounts]
        case .many, .oldest, .resumes, .resumesInBatch, .farCursor: [.events, .keptEvents]
        default: [.events]
        }
    }

    static func all(of fixture: any EventFixture.Type) -> [EventPromise] { allCases.filter { $0.needs.isSubset(of: fixture.powers) } }

    /// Proves it on a fresh place.
    func check<Fixture: EventFixture>(_ type: Fixture.Type) async throws { try await EventProof<Fixture>().check(self) }
}

/// A place where events are sent and kept.
protocol EventFixture: BrokerFixture {
    /// Has the events be kept.
    func prepare() async throws
}

struct EventProof<Fixture: EventFixture> {
    let fixture = Result { try Fixture() }

    func check(_ promise: EventPromise) async throws {
        let fixture = try fixture.get()
        try await fixture.prepare()
        let sender = try #require(try fixture.connect() as? any EventSending)
        let follower = try #require(try fixture.connect() as? any EventFollowing)
        switch promise {
        case .follows: try await follows(sender, follower)
        case .many: try await many(sender, follower)
        case .startsLate: try await startsLate(sender, follower)
        case .oldest: try await oldest(sender, follower)
        case .resumes: try await resumes(sender, follower)
        case .resumesInBatch: try await resumesInBatch(sender, follower)
        case .since: try await since(sender, follower, fixture)
        case .deadline: try await deadline(follower)
        case .strangeCursor:
            await #expect(throws: DriverError.self) { _ = try await follower.events(from: .after("a cursor")) }
            await #expect(throws: DriverError.self) { _ = try await follower.events(from: .after("-1")) }
        case .farCursor: try await farCursor(sender, follower)
        case .ofTasks: try await ofTasks(sender, follower)
        }
    }

    private func event(_ number: Int, _ type: String = "task-started", at time: Timestamp = .now) -> Event {
        Event(
            type, from: "w@h", utcOffset: -1.5, pid: 7, clock: Int64(number), at: time,
            details: ["uuid": .string("task \(number)"), "snow": "☃", "deep": [nil, ["a": 1.5]]])
    }

    /// The next events, until there are so many.
    private func gather(_ feed: any EventFeed, _ count: Int) async throws -> (events: [RecordedEvent], gaps: [EventGap]) {
        try await promptly("\(count) events", within: .seconds(45)) {
            var events: [RecordedEvent] = []
            var gaps: [EventGap] = []
            while events.count < count {
                let piece = try await feed.next(until: nil)
                events += piece.events
                if let gap = piece.gap { gaps.append(gap) }
            }
            return (events, gaps)
        }
    }

    private func follows(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        let feeds = [try await follower.events(from: .now), try await follower.events(from: .now)]
        let events = (0..<60).map { event($0, $0 % 7 == 0 ? "worker-online" : "task-started") }
        try await sender.send(Array(events[..<40]))
        try await sender.send(Array(events[40...]))
        for feed in feeds {
            let got = try await gather(feed, events.count)
            #expect(got.events.map(\.event) == events)
            let cursors = got.events.compactMap(\.cursor)
            #expect(Set(cursors).count == (Fixture.powers.contains(.keptEvents) ? events.count : 0))
            #expect(got.gaps.isEmpty)
            await feed.close()
        }
    }

    private func many(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        let first = try await follower.events(from: .now)
        for start in stride(from: 0, to: 9_000, by: 1_000) { try await sender.send((start..<(start + 1_000)).map { event($0) }) }
        for feed in [first, try await follower.events(from: .oldest)] {
            let got = try await gather(feed, 9_000)
            #expect(got.events.map(\.event.clock) == (0..<9_000).map(Int64.init))
            #expect(got.gaps.isEmpty)
            await feed.close()
        }
    }

    private func startsLate(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        try await sender.send([event(1), event(2)])
        let feed = try await follower.events(from: .now)
        try await sender.send([event(3)])
        #expect(try await gather(feed, 1).events.map(\.event.clock) == [3])
        await feed.close()
    }

    private func oldest(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        try await sender.send([event(1), event(2)])
        let feed = try await follower.events(from: .oldest)
        try await sender.send([event(3)])
        #expect(try await gather(feed, 3).events.map(\.event.clock) == [1, 2, 3])
        await feed.close()
    }

    private func resumes(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        let first = try await follower.events(from: .now)
        try await sender.send((1...5).map { event($0) })
        let cursor = try #require(try await gather(first, 5).events.last?.cursor)
        await first.close()
        try await sender.send((6...9).map { event($0) })
        let second = try await follower.events(from: .after(cursor))
        try await sender.send([event(10)])
        let got = try await gather(second, 5)
        #expect(got.events.map(\.event.clock) == [6, 7, 8, 9, 10])
        #expect(got.gaps.isEmpty)
        await second.close()
    }

    private func resumesInBatch(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        try await sender.send((1...4).map { event($0) })
        let all = try await follower.events(from: .oldest)
        let events = try await gather(all, 4).events
        await all.close()
        for (index, recorded) in events.enumerated().dropLast() {
            let rest = try await follower.events(from: .after(try #require(recorded.cursor)))
            let got = try await gather(rest, 3 - index)
            #expect(got.events == Array(events[(index + 1)...]))
            #expect(got.gaps.isEmpty)
            await rest.close()
        }
    }

    private func since(_ sender: any EventSending, _ follower: any EventFollowing, _ fixture: Fixture) async throws {
        let start = fixture.clock.now
        try await sender.send([event(1, at: start), event(2, at: start)])
        fixture.clock.advance(by: .seconds(30))
        try await sender.send([event(3, at: start + .seconds(30)), event(4, at: start + .seconds(30))])
        let feed = try await follower.events(from: .since(start + .seconds(10)))
        #expect(try await gather(feed, 2).events.map(\.event.clock) == [3, 4])
        await feed.close()
    }

    private func deadline(_ follower: any EventFollowing) async throws {
        let feed = try await follower.events(from: .now)
        let pieces = try await promptly("the end of the wait") {
            [try await feed.next(until: .now + .milliseconds(50)), try await feed.next(until: .now)]
        }
        #expect(pieces.allSatisfy { $0.isEmpty })
        await feed.close()
    }

    private func farCursor(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        try await sender.send([event(1)])
        let feed = try await follower.events(from: .after("4711"))
        let got = try await gather(feed, 1)
        #expect(got.events.map(\.event.clock) == [1])
        #expect(got.gaps.count == 1 && got.gaps.first?.reason.contains("4711") ?? false)
        await feed.close()
    }

    private func ofTasks(_ sender: any EventSending, _ follower: any EventFollowing) async throws {
        let reading = try #require(follower as? any EventReading)
        try await sender.send((0..<9).map { event($0 % 3, "task-\($0)") })
        let got = try await reading.events(of: [TaskID("task 2"), TaskID("task 0"), TaskID("unknown"), TaskID("task 2")])
        try #require(got.map(\.event.type) == [0, 2, 3, 5, 6, 8].map { "task-\($0)" })
        let feed = try await follower.events(from: .after(try #require(got[0].cursor)))
        #expect(try await gather(feed, 1).events.first?.event.type == "task-1")
        await feed.close()
    }
}

extension MemoryBrokerFixture: EventFixture {
    func prepare() {}
}

extension SQLiteBrokerFixture: EventFixture {
    func prepare() {}
}

extension AMQPBrokerFixture: EventFixture {
    func prepare() async throws { try await open().keepEvents() }
}
