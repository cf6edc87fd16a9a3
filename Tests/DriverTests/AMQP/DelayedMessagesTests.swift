import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import Synchronization
import Testing

@testable import Brokers

/// Messages kept in a file until their time. No server is needed: what is sent is noted here.
@Suite(.timeLimit(.minutes(1))) struct DelayedMessagesTests {
    private let folder = TemporaryFolder()
    private let clock = ManualClock()
    private let sent = Sent()

    private final class Sent: Sendable {
        private let messages = Mutex<[Message]>([])
        private let failures = Mutex(0)
        let bell = Bell()

        /// Makes the next calls fail.
        func fail(_ count: Int) { failures.withLock { $0 = count } }

        func add(_ more: [Message]) throws {
            let fails = failures.withLock { count in
                defer { count = max(0, count - 1) }
                return count > 0
            }
            defer { bell.ring() }
            if fails { throw DriverError(.unreachable, "no broker") }
            messages.withLock { $0 += more }
        }

        var all: [Message] { messages.withLock { $0 } }

        func wait(for count: Int) async throws -> [Message] {
            try await promptly("\(count) messages") { [self] in
                while true {
                    let seen = bell.count
                    if all.count >= count { return all }
                    await bell.wait(since: seen, until: nil)
                    try Task.checkCancellation()
                }
            }
        }
    }

    private func delayed() -> DelayedMessages {
        let path = folder.file("celery.db")
        return DelayedMessages(local: LocalBroker { [clock] _ in
            SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil, processLives: { _ in true }, now: { clock.now })
        })
    }

    private func sending(_ messages: DelayedMessages) -> Task<Void, Never> {
        Task { [sent] in
            await messages.sendDue(as: WorkerIdentity(id: "w", name: "w@h", pid: 1, process: "p")) { try sent.add($0) } trouble: { _ in }
        }
    }

    private func message(_ id: String, eta: Timestamp? = nil) -> Message {
        var message = Message(id: TaskID(id), task: "t", body: MessageBody(bytes: Array("[[],{},{}]".utf8)))
        message.route = Route(queue: "images", exchange: nil, routingKey: nil)
        message.eta = eta
        message.headers["mine"] = ["a": [1, nil]]
        return message
    }

    @Test func `a message is sent when it is due, as it was`() async throws {
        let due = clock.now + .seconds(3_600)
        var first = message("first", eta: due)
        first = AttemptHeader.next(first, after: 4, crashes: 2)
        let messages = delayed()
        #expect(try await messages.keep([(first, due), (message("second"), due + .seconds(60))]) == [true, true])
        let task = sending(messages)
        #expect(sent.all.isEmpty)
        clock.advance(by: .seconds(3_601))
        expect(try await sent.wait(for: 1)[0], is: first)
        clock.advance(by: .seconds(60))
        expect(try await sent.wait(for: 2)[1], is: message("second"))
        task.cancel()
        await task.value
        #expect(try await messages.local.broker().queues().isEmpty)
    }

    /// Compares all that the file keeps apart from the rest.
    private func expect(_ sent: Message, is message: Message) {
        #expect(sent.id == message.id && sent.task == message.task && sent.body == message.body)
        #expect(sent.route == message.route && sent.eta == message.eta && sent.headers == message.headers)
    }

    @Test func `what cannot be sent stays, and is sent later`() async throws {
        let messages = delayed()
        #expect(try await messages.keep([(message("a"), clock.now)]) == [true])
        sent.fail(1)
        let task = sending(messages)
        #expect(try await sent.wait(for: 1).map(\.id.text) == ["a"])
        task.cancel()
        await task.value
    }

    @Test func `a message that is kept already is kept, and one whose task has ended is not`() async throws {
        let messages = delayed()
        let until = clock.now + .seconds(60)
        #expect(try await messages.keep([(message("a"), until)]) == [true])
        let store = SQLiteResultStore(file: try messages.local.broker().file, expires: nil)
        try await store.store([TaskResult(id: TaskID("b"), state: .success)])
        #expect(try await messages.keep([(message("a"), until), (message("b"), until), (message("c"), until)]) == [true, false, true])
    }

    @Test func `a message that is being sent, or of another try, is not kept`() async throws {
        let messages = delayed()
        let due = clock.now
        #expect(try await messages.keep([(message("a"), due)]) == [true])
        var again = message("a")
        again.retries = 1
        #expect(try await messages.keep([(again, due)]) == [false])
        let worker = WorkerIdentity(id: "w", name: "w@h", pid: 1, process: "p")
        let consumer = try await messages.local.broker().consumer(of: [DelayedMessages.queue], as: worker)
        #expect(try await consumer.take(1).count == 1)
        #expect(try await messages.keep([(message("a"), due)]) == [false])
        await consumer.close()
        #expect(try await messages.keep([(message("a"), due)]) == [true])
    }

    @Test func `several workers send each message once`() async throws {
        let (one, other) = (delayed(), delayed())
        #expect(try await one.keep((0..<500).map { (message("\($0)"), clock.now) }).allSatisfy { $0 })
        let tasks = [sending(one), sending(other)]
        let ids = try await sent.wait(for: 500).map(\.id.text)
        for task in tasks {
            task.cancel()
            await task.value
        }
        #expect(ids.count == 500 && Set(ids).count == 500)
    }

    @Test func `a file that is not there is not created by reading`() async throws {
        let path = folder.file("celery.db")
        let local = LocalBroker { creates in
            creates ? SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil, processLives: { _ in true }) : nil
        }
        #expect(try local.existing() == nil)
        let made = try local.broker()
        #expect(try local.existing() === made)
        await local.close()
        #expect(try local.existing() == nil)
    }

    @Test func `without a project nothing is kept, and that is said`() async throws {
        let error = await #expect(throws: DriverError.self) { _ = try await DelayedMessages(local: LocalBroker(nil)).keep([(message("a"), clock.now)]) }
        #expect(error?.code == .unsupported)
    }
}
