import CeleryCore
import CeleryDB
import Fixtures
import Testing

@testable import Brokers

/// The ring of events in a file.
@Suite(.timeLimit(.minutes(5))) struct SQLiteEventTests {
    private func broker(_ folder: TemporaryFolder, _ clock: ManualClock, seconds: Double = 1_000, count: Int = 1_000) throws -> SQLiteBroker {
        SQLiteBroker(
            file: try DatabaseFile(path: folder.file("celery.db")), resultExpires: nil,
            retention: EventRetention(seconds: seconds, count: count), processLives: { _ in true }, now: { clock.now })
    }

    private func events(_ numbers: Range<Int>, _ type: String = "task-started", host: String = "w@h") -> [Event] {
        numbers.map { Event(type, from: host, pid: 1, clock: Int64($0), at: .now, details: ["uuid": .string("\($0)")]) }
    }

    private func kept(_ broker: SQLiteBroker) async throws -> [Int64] {
        let feed = try await broker.events(from: .oldest)
        var kept: [Int64] = []
        while case let piece = try await feed.next(until: .now), !piece.events.isEmpty { kept += piece.events.map(\.event.clock) }
        return kept
    }

    @Test func `drops the oldest when there are too many, and tells who comes back of the gap`() async throws {
        let (folder, clock) = (TemporaryFolder(), ManualClock())
        let broker = try broker(folder, clock, count: 100)
        try await broker.send(events(0..<64))
        let feed = try await broker.events(from: .after("10"))
        try await broker.send(events(64..<256))
        #expect(try await kept(broker) == (156..<256).map(Int64.init))
        let piece = try await feed.next(until: .now)
        #expect(piece.gap == EventGap(count: 146, reason: "the events after cursor 10 are no longer kept"))
        #expect(piece.events.first?.event.clock == 156)
        #expect(try await feed.next(until: .now).isEmpty)
        // Nothing of what comes after this cursor is lost.
        let exact = try await broker.events(from: .after("156")).next(until: .now)
        #expect(exact.gap == nil && exact.events.count == 100)
    }

    @Test func `drops what is too old`() async throws {
        let (folder, clock) = (TemporaryFolder(), ManualClock())
        let broker = try broker(folder, clock, seconds: 60)
        try await broker.send(events(0..<64))
        clock.advance(by: .seconds(61))
        try await broker.send(events(64..<128))
        #expect(try await kept(broker) == (64..<128).map(Int64.init))
    }

    @Test func `keeps the last heartbeat of each worker`() async throws {
        let (folder, clock) = (TemporaryFolder(), ManualClock())
        let broker = try broker(folder, clock)
        for number in 0..<5 {
            try await broker.send(events(number..<(number + 1), Event.heartbeat, host: "a"))
            try await broker.send(events((10 + number)..<(11 + number), Event.heartbeat, host: "b"))
        }
        #expect(try await kept(broker) == [4, 14])
        // That is no gap.
        let rest = try await broker.events(from: .after("3")).next(until: .now)
        #expect(rest.gap == nil && rest.events.count == 2)
    }

    @Test func `news wakes a follower of another connection at once`() async throws {
        let (folder, clock) = (TemporaryFolder(), ManualClock())
        // By itself it would look in an hour.
        let feed = SQLiteEventFeed(broker: try broker(folder, clock), position: 0, gap: nil, lookInterval: .seconds(3_600))
        let sender = try broker(folder, clock)
        // The first look makes the watch.
        _ = try await feed.next(until: .now)
        for number in 0..<20 {
            let waiting = Task { try await feed.next(until: nil) }
            // Some come before it waits, some while it does.
            try await Task.sleep(for: .milliseconds(number))
            try await sender.send(events(number..<(number + 1)))
            let news = try await promptly("the news") { try await waiting.value }
            #expect(news.events.map(\.event.clock) == [Int64(number)])
        }
    }
}
