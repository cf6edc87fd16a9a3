import CeleryCore
import Fixtures
import Testing
import Wire

@testable import Brokers
@testable import RabbitMQ

/// What only RabbitMQ has of events: a stream, queues that go away, rights.
@Suite(.timeLimit(.minutes(5))) struct AMQPEventTests {
    private func delivery(_ offset: Int?, _ clocks: ClosedRange<Int>, tag: UInt64 = 1) throws -> IncomingDelivery {
        let events = clocks.map { Event("task-started", from: "w", pid: 1, clock: Int64($0), at: Timestamp(seconds: Double($0))) }
        var message = try #require(EventMessage.messages(of: events).first)
        message.headers["x-stream-offset"] = offset.map { .int(Int64($0)) }
        return IncomingDelivery(channel: 1, consumer: "events.1", tag: tag, isRedelivered: false, message: message)
    }

    private func inbox(_ beginning: EventInbox.Beginning, usesLog: Bool = true) -> EventInbox {
        let inbox = EventInbox(usesLog: usesLog, beginning: beginning)
        inbox.connected(to: "somewhere")
        return inbox
    }

    @Test func `a cursor is a message of the stream, or some of its events`() {
        for text in ["0", "12", "12.3"] { #expect(StreamCursor(text)?.description == text) }
        for text in ["", ".", "1.", ".1", "-1", "1.2.3", "1,2", "x", "99999999999999999999"] { #expect(StreamCursor(text) == nil, "\(text)") }
        #expect([StreamCursor(offset: 0).base, StreamCursor(offset: 7).base, StreamCursor(offset: 7, skipped: 2).base] == [0, 6, 7])
    }

    @Test func `goes on within a batch`() throws {
        let inbox = inbox(.at(StreamCursor(offset: 10, skipped: 2)))
        inbox.add([try delivery(10, 1...3), try delivery(11, 4...5, tag: 2)])
        let piece = try inbox.take(100)
        #expect(piece.events.map(\.event.clock) == [3, 4, 5])
        #expect(piece.events.map(\.cursor) == ["11", "11.1", "12"])
        #expect(piece.gap == nil)
        #expect(inbox.takeTaken() == 2 && inbox.takeTaken() == nil)
    }

    @Test func `the message before a cursor proves that nothing is missing`() throws {
        let whole = inbox(.at(StreamCursor(offset: 10)))
        whole.add([try delivery(9, 1...3), try delivery(10, 4...4)])
        let piece = try whole.take(100)
        #expect(piece.gap == nil && piece.events.map(\.event.clock) == [4])
        let cut = inbox(.at(StreamCursor(offset: 10)))
        cut.add([try delivery(15, 4...4), try delivery(16, 5...5)])
        let rest = try cut.take(100)
        #expect(rest.gap?.reason == "the events after cursor 10 are no longer kept")
        #expect(rest.events.map(\.event.clock) == [4, 5])
        // What comes later is no gap, whatever its number: a stream counts more than messages.
        cut.add([try delivery(20, 6...6)])
        #expect(try cut.take(100).gap == nil)
    }

    @Test func `a lost connection is a gap only where there is no log`() throws {
        for usesLog in [true, false] {
            let inbox = inbox(.next, usesLog: usesLog)
            inbox.add([try delivery(usesLog ? 3 : nil, 1...1)])
            #expect(try inbox.take(100).events.count == 1)
            inbox.lost(RabbitMQError(.lost, "gone"))
            #expect(try inbox.take(100).notices == [BrokerNotice("connection to the broker lost: gone", isTrouble: true)])
            inbox.connected(to: "somewhere")
            inbox.add([try delivery(usesLog ? 4 : nil, 2...2)])
            let piece = try inbox.take(100)
            #expect(piece.notices == [BrokerNotice("connected to somewhere again", isTrouble: false)])
            #expect((piece.gap == nil) == usesLog && piece.events.map(\.event.clock) == [2])
            if case .at(let place) = inbox.beginning { #expect(usesLog && place == StreamCursor(offset: 5)) } else { #expect(!usesLog) }
        }
    }

    @Test func `following ends when the server says no`() throws {
        let inbox = inbox(.next)
        inbox.lost(RabbitMQError(.refused(404), "no queue"))
        #expect(try inbox.take(1).notices.count == 1)
        #expect(throws: RabbitMQError.self) { try inbox.take(1) }
    }

    @Test func `begins at a time, though the server begins a little earlier`() throws {
        let inbox = inbox(.since(Timestamp(seconds: 3)))
        inbox.add([try delivery(7, 1...2), try delivery(8, 2...4)])
        #expect(try inbox.take(100).events.map(\.event.clock) == [3, 4])
    }

    @Test func `events that the server refuses do not touch messages`() async throws {
        let place = try AMQPPlace()
        let user = "deaf-\(TaskID())"
        try place.server.api.expect("PUT", "users/\(user)", body: #"{"password": "p", "tags": ""}"#)
        defer { _ = try? place.server.api.request("DELETE", "users/\(user)") }
        try place.server.api.expect(
            "PUT", "permissions/\(place.vhost)/\(user)", body: #"{"configure": "^celery$", "write": "^(celery|amq[.]default)$", "read": ".*"}"#)
        let broker = try place.broker(["amqp://\(user):p@127.0.0.1:\(place.server.port)/\(place.vhost)"])
        let event = Event("worker-online", from: "w", pid: 1, clock: 1, at: .now)
        for _ in 0..<3 {
            let telling = Task { try await broker.send([event]) }
            try await broker.publish([Message(task: "t", body: BodyCodec.encode(TaskArguments()))])
            let told = await telling.result
            #expect(throws: DriverError.self) { try told.get() }
        }
        await #expect(throws: DriverError.self) { try await broker.keepEvents() }
        await broker.close()
    }
}
