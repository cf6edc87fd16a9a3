import CeleryCore
import Testing

// Task-sets.
extension ResultStoreProof {
    private func keeping() throws -> any TaskSetKeeping { try #require(try fixture.connect() as? any TaskSetKeeping) }

    private func record(_ numbering: SetNumbering, _ total: Int?, created seconds: Double = 1_000) -> TaskSetRecord {
        TaskSetRecord(id: numbering.id, total: total, created: Timestamp(seconds: seconds))
    }

    private func result(_ id: TaskID, _ state: TaskState, in set: String?) -> TaskResult {
        var result = TaskResult(id: id, state: state, failure: state == .failure ? TaskFailure(type: "E") : nil)
        result.groupID = set
        return result
    }

    func sets() async throws {
        let store = try keeping()
        let (first, second) = (SetNumbering(), SetNumbering())
        try await store.keep(record(first, 3, created: 1_000))
        let other = try keeping()
        let found = try #require(try await other.taskSet(first.id))
        #expect(found.total == 3 && found.created == Timestamp(seconds: 1_000))
        #expect(found.ids(1...3) == [first.member(1), first.member(2), first.member(3)])
        #expect(found.number(of: first.member(2)) == 2 && found.number(of: second.member(1)) == nil)
        try await store.keep(record(first, 4))
        #expect(try await other.taskSet(first.id)?.total == 4)
        #expect(try await store.forgetTaskSets([first.id, "unknown"]) == 1)
        #expect(try await other.taskSet(first.id) == nil)
    }

    func setList() async throws {
        let store = try keeping()
        let (first, second) = (SetNumbering(), SetNumbering())
        try await store.keep(record(first, 3, created: 1_000))
        try await store.keep(record(second, 2, created: 2_000))
        let other = try keeping()
        #expect(try await other.taskSets(limit: 10).map(\.id) == [second.id, first.id])
        #expect(try await other.taskSets(limit: 1).map(\.id) == [second.id])
    }

    func setMembers() async throws {
        let store = try keeping()
        let set = SetNumbering()
        try await store.keep(record(set, 3))
        #expect(try await store.replace(set.member(2), by: TaskID("new"), in: set.id))
        #expect(try await !store.replace(set.member(2), by: TaskID("newer"), in: set.id))
        #expect(try await !store.replace(TaskID("stranger"), by: TaskID("newer"), in: set.id))
        #expect(try await store.taskSet(set.id)?.ids(1...3) == [set.member(1), TaskID("new"), set.member(3)])
        #expect(try await store.replace(TaskID("new"), by: TaskID("newer"), in: set.id))
        #expect(try await store.taskSet(set.id)?.member(2) == TaskID("newer"))
    }

    func setCounts() async throws {
        let store = try keeping()
        let set = SetNumbering()
        // A result that came before its set is counted with it.
        try await store.store([result(set.member(1), .success, in: set.id)])
        try await store.keep(record(set, 4))
        func counts() async throws -> [TaskState: Int]? { try await store.taskSet(set.id)?.counts }
        #expect(try await counts() == [.success: 1])
        try await store.store([result(set.member(2), .started, in: set.id), result(set.member(3), .failure, in: set.id)])
        #expect(try await counts() == [.success: 1, .started: 1, .failure: 1])
        try await store.store([result(set.member(2), .success, in: set.id)])
        // A final result stands, and is counted once.
        try await store.store([result(set.member(2), .failure, in: set.id), result(TaskID("stranger"), .success, in: nil)])
        #expect(try await counts() == [.success: 2, .failure: 1])
        // What is forgotten stays counted.
        _ = try await store.forget([set.member(1)])
        #expect(try await counts() == [.success: 2, .failure: 1])
        #expect(try await store.replace(set.member(3), by: TaskID("new"), in: set.id))
        #expect(try await counts() == [.success: 2])
        try await store.store([result(TaskID("new"), .success, in: set.id)])
        #expect(try await counts() == [.success: 3])
    }
}
