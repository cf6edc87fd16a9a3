import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing
import Wire

/// Lists of tasks with a result in PostgreSQL: what only this store has.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLListingTests {
    let place: OwnPostgreSQLPlace
    private let clock = ManualClock()

    init() throws { place = try OwnPostgreSQLPlace() }

    private func store() throws -> PostgreSQLResultStore { try place.store { [clock] in clock.now } }

    private func list(
        _ store: PostgreSQLResultStore, limit: Int = 100, _ change: (inout TaskFilter) -> Void
    ) async throws -> String {
        var filter = TaskFilter()
        change(&filter)
        return try await store.listedTasks(filter, before: nil, limit: limit).map(\.id.text).joined(separator: " ")
    }

    /// A `celery broker` hides what its own settings say.
    @Test func `does not find what a filter hides`() async throws {
        let store = try store()
        var result = TaskResult(id: TaskID("a"), state: .success)
        result.request = Message(id: result.id, task: "t", body: BodyCodec.encode(TaskArguments(kwargs: ["who": "Zoë"])))
        try await store.store([result])
        #expect(try await list(store) { $0.text = "Zoë" } == "a")
        #expect(try await list(store) { ($0.text, $0.redaction) = ("Zoë", Redaction(["who"])) } == "")
    }

    /// What the server would do, whatever it believes of the rows: no list passes all rows to find a few.
    @Test func `every list but one of a text is read along an index`() async throws {
        let store = try store()
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        try place.tables.run("""
            INSERT INTO celery_result (id, number, state, attempt, document, task, queue)
            SELECT 'n' || n, n, CASE WHEN n < 20 THEN 'FAILURE' ELSE 'SUCCESS' END, 1, '{"status": "SUCCESS", "task_id": "n"}',
                CASE WHEN n < 20 THEN 'rare' ELSE 'usual' END, CASE WHEN n < 20 THEN 'rare' ELSE 'celery' END
            FROM generate_series(1, 60000) AS n
            """)
        try place.tables.run("ANALYZE celery_result")
        func read() throws -> Int64 {
            try #require(try place.count("""
                SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables
                WHERE schemaname = '\(place.tables.name)' AND relname = 'celery_result'
                """))
        }
        let changes: [(String, @Sendable (inout TaskFilter) -> Void)] = [
            ("all", { _ in }), ("states", { $0.phases = [.failure] }), ("no state", { $0.phases = [.revoked] }), ("task", { $0.task = "rare" }),
            ("queue", { $0.queue = "rare" }), ("no queue", { $0.queue = "none" }), ("until", { $0.until = Timestamp(seconds: 0.000_1) }),
            ("state and task", { ($0.phases, $0.task) = ([.failure], "r*") }),
        ]
        for (name, change) in changes {
            let before = try read()
            let url = place.url + "&application_name=\(place.tables.name)"
            let other = PostgreSQLResultStore(try place.server(url), PostgreSQLResultStore.Terms(expires: nil)) { [clock] in clock.now }
            _ = try await list(other, limit: 20, change)
            await other.close()
            // A connection that has ended has told what it read.
            #expect(try await eventually {
                try place.count("SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(place.tables.name)'") == 0
            })
            #expect(try read() - before < 2_000, "\(name)")
        }
    }
}
