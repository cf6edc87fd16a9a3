import CeleryCore
import Fixtures
import Testing
import Wire

@testable import Brokers

/// Orders that a server does not let a worker read, at first or at all.
@Suite struct AMQPCommandTests {
    /// A user who may do all but read the stream of orders.
    private func stranger(at place: AMQPPlace, reads: String) throws -> String {
        let user = "stranger-\(TaskID())"
        try place.server.api.expect("PUT", "users/\(user)", body: #"{"password": "p", "tags": ""}"#)
        try allow(user, reads, at: place)
        return user
    }

    private func allow(_ user: String, _ reads: String, at place: AMQPPlace) throws {
        try place.server.api.expect(
            "PUT", "permissions/\(place.vhost)/\(user)", body: #"{"configure": ".*", "write": ".*", "read": "\#(reads)"}"#)
    }

    private func url(_ user: String, _ place: AMQPPlace) -> String {
        "amqp://\(user):p@127.0.0.1:\(place.server.port)/\(place.vhost)"
    }

    private static let allButCommands = "^(?!celery[.]orders).*$"

    @Test func `a worker that may not read commands yet begins once it may, and knows them`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        let task = TaskID()
        _ = try await broker.revoke(
            [Revocation(.id(task), issued: .now, until: .now + .seconds(600))],
            ending: { _, attempt in Outcome(handle: DeliveryHandle(tag: 0, attempt: attempt), results: []) }, removed: { _ in })
        try await broker.publish([Message(task: "t", body: BodyCodec.encode(TaskArguments()))])
        let user = try stranger(at: place, reads: Self.allButCommands)
        defer { _ = try? place.server.api.request("DELETE", "users/\(user)") }
        let worker = try await place.broker([url(user, place)]).worker()
        #expect(try await worker.take(1).isEmpty)
        try allow(user, ".*", at: place)
        let commands = try await promptly("the commands", within: .seconds(30)) { try await worker.takeCommands() }
        #expect(commands.revocations.map(\.target) == [.id(task)])
        #expect(try await worker.gather(1).count == 1)
        await worker.close()
        await broker.close()
    }

    @Test func `a worker that may never read commands says so, and works`() async throws {
        let place = try AMQPPlace()
        let broker = try place.broker()
        try await broker.publish([Message(task: "t", body: BodyCodec.encode(TaskArguments()))])
        let user = try stranger(at: place, reads: Self.allButCommands)
        defer { _ = try? place.server.api.request("DELETE", "users/\(user)") }
        let worker = try await place.broker([url(user, place)]).worker()
        let deliveries = try await worker.gather(1)
        #expect(deliveries.count == 1)
        let notice = try await worker.notice(containing: "does not learn of revoked tasks and paused queues")
        #expect(notice.isTrouble)
        #expect(try await worker.settle(deliveries.outcomes) == [true])
        await worker.close()
        await broker.close()
    }
}
