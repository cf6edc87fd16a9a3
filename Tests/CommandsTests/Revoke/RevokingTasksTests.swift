import Brokers
import CeleryCore
import Client
import ResultStores
import Testing

@testable import Commands

/// Revoking tasks from a Swift program, and what is left of a set.
@Suite struct RevokingTasksTests {
    private let broker = MemoryBroker()
    private let store = MemoryResultStore()

    @Test func `revokes what has not ended, and leaves what has`() async throws {
        let client = Client(settings: Settings(projectFolder: "/nowhere"), broker: broker, store: store, environment: [:])
        let set = try await TaskSet("t", (0..<3).map { ([.int($0)], [:]) }).run(using: client)
        try await store.store([TaskResult(id: set.subtasks[1], state: .success, value: 7)])
        let first = try await client.revokeOpen(set.subtasks, isTerminating: false, as: "client@%h")
        #expect(first.revoked == 2)
        #expect(first.held == 0)
        #expect(try await set.counts() == [.success: 1, .revoked: 2])
        let again = try await client.revokeOpen(set.subtasks, isTerminating: false, as: "client@%h")
        #expect(again.revoked == 0)
        // No worker gets them any more.
        let worker = WorkerIdentity(id: TaskID().text, name: "w", pid: 1, process: "")
        let consumer = await broker.consumer(of: ["celery"], as: worker)
        #expect(try await consumer.take(10).map(\.message.id) == [set.subtasks[1]])
        await consumer.close()
    }
}
