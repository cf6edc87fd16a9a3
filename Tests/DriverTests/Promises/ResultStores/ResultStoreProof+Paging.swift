import CeleryCore
import Fixtures
import Testing

// Lists of results, part by part.
extension ResultStoreProof {
    private func paging(of count: Int) async throws -> any TaskPaging & ResultListing {
        let store = try #require(try fixture.connect() as? any TaskPaging & ResultListing)
        try await store.store((0..<count).map(TaskResult.varied))
        return store
    }

    func parts() async throws {
        let store = try await paging(of: 200)
        let newest = (0..<200).reversed().map { "t\($0)" }
        #expect(try await store.all().ids == newest)
        #expect(try await store.all(limit: 1_000).parts == 1)
        for limit in [50, 200] { #expect(try await store.all(limit: limit).ids == newest) }
        #expect(try await store.taskPart(TaskFilter(), before: nil, limit: 0, within: .seconds(60)).tasks.isEmpty)
    }

    func partFilters() async throws {
        let store = try await paging(of: 400)
        for filter in TaskFilter.ofVaried {
            let whole = try await store.listedTasks(filter, before: nil, limit: 1_000).map(\.id.text)
            #expect(try await store.all(filter, limit: 7).ids == whole, "\(filter)")
            // With no time at all, a part ends after some rows, and the next one goes on from there.
            #expect(try await store.all(filter, within: .zero).ids == whole, "\(filter)")
        }
    }

    func partWithoutTime() async throws {
        let store = try await paging(of: 300)
        let some = try await store.taskPart(TaskFilter { $0.text = "value 1" }, before: nil, limit: 50, within: .zero)
        #expect(some.tasks.count < 50 && some.next != nil)
        let none = try await store.taskPart(TaskFilter { $0.text = "nothing" }, before: nil, limit: 50, within: .zero)
        #expect(none.tasks.isEmpty && none.next != nil)
        #expect(try await store.all(TaskFilter { $0.text = "nothing" }, within: .zero).parts > 1)
    }

    func partsUnexpired() async throws {
        let store = try #require(try fixture.connect(expires: 60) as? any TaskPaging & ResultStore)
        try await store.store((0..<100).map { TaskResult(id: TaskID("old\($0)"), state: .success) })
        fixture.clock.advance(by: .seconds(90))
        try await store.store([TaskResult(id: TaskID("new"), state: .success)])
        #expect(try await store.all().ids == ["new"])
    }
}
