import CeleryCore
import Fixtures
import ResultStores
import Testing

/// Task-sets in PostgreSQL: counted exactly, however many store at once.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLTaskSetTests {
    let place: OwnPostgreSQLPlace
    private let set = SetNumbering()

    init() throws { place = try OwnPostgreSQLPlace() }

    private func result(_ number: Int, _ state: TaskState, attempt: Int = 1) -> TaskResult {
        var result = TaskResult(id: set.member(number), state: state)
        (result.groupID, result.attempt) = (set.id, attempt)
        return result
    }

    private func record(_ total: Int?) -> TaskSetRecord { TaskSetRecord(id: set.id, total: total, created: Timestamp(seconds: 1_000)) }

    @Test func `workers that store the same results, and the client that makes the set meanwhile, count each once`() async throws {
        let count = 400
        let stores = try (0..<4).map { _ in try place.store() }
        let maker = try place.store()
        try await maker.store([TaskResult(id: TaskID("other"), state: .success)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (which, store) in stores.enumerated() {
                group.addTask {
                    // Each member is stored by two, at about the same time, in pieces that overlap.
                    var generator = SeededGenerator(seed: UInt64(which / 2 + 1))
                    let numbers = (1...count).filter { $0 % 2 == which % 2 || which >= 2 }.shuffled(using: &generator)
                    for start in stride(from: 0, to: numbers.count, by: 7) {
                        let part = numbers[start..<min(start + 7, numbers.count)]
                        try await store.store(part.map { result($0, .started) })
                        try await store.store(part.map { result($0, $0 % 5 == 0 ? .failure : .success) })
                    }
                }
            }
            group.addTask { try await maker.keep(record(count)) }
            try await group.waitForAll()
        }
        let counts = try #require(try await maker.taskSet(set.id)).counts
        #expect(counts == [.success: count - count / 5, .failure: count / 5])
    }

    @Test func `a member whose revocation was announced counts once a worker has said what became of it`() async throws {
        let store = try place.store()
        try await store.keep(record(2))
        // The client that announces does not know the set.
        var announced = TaskResult(id: set.member(1), state: .revoked)
        announced.attempt = 0
        try await store.store([announced])
        try await store.store([result(1, .revoked)])
        #expect(try await store.taskSet(set.id)?.counts == [.revoked: 1])
    }

    @Test func `one that was put out of its set is not counted again`() async throws {
        let store = try place.store()
        try await store.keep(record(2))
        try await store.store([result(1, .retry)])
        #expect(try await store.replace(set.member(1), by: TaskID("new"), in: set.id))
        // Told again, as after a lost connection.
        #expect(try await store.replace(set.member(1), by: TaskID("new"), in: set.id))
        try await store.store([result(1, .success)])
        #expect(try await store.taskSet(set.id)?.counts == [:])
        #expect(try await store.taskSet(set.id)?.member(1) == TaskID("new"))
    }

    @Test func `what belongs to a set goes with it`() async throws {
        let store = try place.store()
        try await store.keep(record(3))
        try await store.store([result(1, .success), result(2, .failure)])
        _ = try await store.replace(set.member(2), by: TaskID("new"), in: set.id)
        #expect(try await store.forgetTaskSets([set.id, "unknown", "a\u{0}"]) == 1)
        #expect(try place.count("SELECT (SELECT count(*) FROM celery_task_set_count) + (SELECT count(*) FROM celery_task_set_member)") == 0)
        // Results that come later find no set, and need none.
        try await store.store([result(3, .success)])
        #expect(try await store.results(for: [set.member(1), set.member(3)]).count == 2)
    }

    @Test func `the total of a set may be unknown while more is submitted, and its members are numbered`() async throws {
        let store = try place.store()
        try await store.keep(record(nil))
        #expect(try await store.taskSet(set.id)?.total == nil)
        try await store.keep(record(1_000_000))
        #expect(try await store.taskSet(set.id)?.total == 1_000_000 && store.taskSetLimit == nil)
        let other = TaskSetRecord(id: "x", total: 1, created: .now, members: [TaskID("a")])
        let error = await #expect(throws: DriverError.self) { try await store.keep(other) }
        #expect(error?.code == .unsupported)
    }
}
