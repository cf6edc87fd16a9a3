import CeleryCore
import CeleryDB
import Fixtures
import ResultStores
import Testing

/// The feed of new results in a file.
@Suite struct SQLiteFeedTests {
    @Test func `misses nothing when the newest results are forgotten`() async throws {
        let folder = TemporaryFolder()
        let store = SQLiteResultStore(file: try DatabaseFile(path: folder.path + "/celery.db"), expires: nil)
        func add(_ id: String) async throws { try await store.store([TaskResult(id: TaskID(id), state: .success)]) }
        try await add("a")
        try await add("b")
        let position = try await store.feedPosition()
        #expect(try await store.forget([TaskID("b")]) == 1)
        try await add("c")
        let changes = try await store.changes(after: position)
        #expect(changes.ids == [TaskID("c")])
        #expect(try await store.forget([TaskID("a"), TaskID("c")]) == 2)
        try await add("d")
        #expect(try await store.changes(after: changes.position).ids == [TaskID("d")])
        await store.close()
    }
}
