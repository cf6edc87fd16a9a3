import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing

/// The tables of our own layout in PostgreSQL: how they are made and upgraded.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLSchemaTests {
    let place: OwnPostgreSQLPlace
    private let id = TaskID("a")
    private let all = "celery_layout,celery_output,celery_result,celery_slot,celery_task_set,celery_task_set_count,celery_task_set_member"

    init() throws { place = try OwnPostgreSQLPlace() }

    private var result: TaskResult { TaskResult(id: id, state: .success, value: 5) }

    /// A layout that comes after the present one: with another column.
    private func later(oldest: Int) -> PostgreSQLSchema {
        let number = PostgreSQLSchema.current.layout + 1
        let statements = ["ALTER TABLE celery_result ADD COLUMN weight INTEGER NOT NULL DEFAULT 7"]
        return PostgreSQLSchema(steps: PostgreSQLSchema.current.steps + [PostgreSQLSchema.Step(to: number, oldest: oldest, statements)])
    }

    @Test func `the first result makes the tables, and whoever only looks makes none`() async throws {
        let store = try place.store()
        #expect(try await store.results(for: [id]).isEmpty)
        #expect(try await store.requests(for: [id]).isEmpty)
        #expect(try await store.forget([id]) == 0)
        #expect(try await store.outputs(of: id, from: 1).isEmpty)
        #expect(try await store.listedTasks(TaskFilter(), before: nil, limit: 5).isEmpty)
        #expect(try await store.taskIDs(startingWith: "", limit: 5).isEmpty)
        #expect(try await store.taskSets(limit: 5).isEmpty)
        #expect(try await store.dropExpired(now: .now, limit: 5) == 0)
        #expect(try await store.forgetTaskSets(["s"]) == 0)
        #expect(try await store.holders(of: "t", key: "").isEmpty)
        try await store.leaveSlots(nil, of: "w")
        #expect(try place.names() == "")
        try await store.store([result])
        #expect(try place.names() == all)
        #expect(try await store.results(for: [id])[id]?.value == 5)
    }

    @Test func `syncdb makes the same, says before what it would do, and may be repeated`() async throws {
        let link = SQLServerLink(try place.server())
        let before = try await PostgreSQLSchema.current.missing(in: link)
        #expect(before.state == .missing && before.statements.first?.hasPrefix("CREATE TABLE celery_layout") == true)
        #expect(before.statements.last == "INSERT INTO celery_layout (layout, oldest) VALUES (1, 1)")
        #expect(try place.names() == "")
        // What is printed, another may run.
        for statement in before.statements { try place.tables.run(statement) }
        #expect(try place.names() == all)
        #expect(try await PostgreSQLSchema.current.missing(in: link) == (.usable, []))
        try await PostgreSQLSchema.current.complete(link)
        try await place.store().store([result])
        #expect(try place.count("SELECT count(*) FROM celery_layout") == 1)
    }

    @Test func `of many who make the tables at once all find them`() async throws {
        let stores = try (0..<6).map { _ in try place.store() }
        let link = SQLServerLink(try place.server())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, store) in stores.enumerated() {
                group.addTask { try await store.store([TaskResult(id: TaskID("\(number)"), state: .success)]) }
            }
            group.addTask { try await PostgreSQLSchema.current.complete(link) }
            try await group.waitForAll()
        }
        #expect(try place.count("SELECT count(*) FROM celery_result") == 6)
        #expect(try place.count("SELECT count(*) FROM celery_layout") == 1)
    }

    @Test func `a later version upgrades the tables in place, by whichever comes first, and keeps their rows`() async throws {
        for way in ["syncdb", "a result", "a look"] {
            let place = try OwnPostgreSQLPlace()
            try await place.store().store([result])
            let schema = later(oldest: 1)
            let link = SQLServerLink(try place.server())
            let missing = try await schema.missing(in: link)
            #expect(missing.state == .outdated(1) && missing.statements == [
                "ALTER TABLE celery_result ADD COLUMN weight INTEGER NOT NULL DEFAULT 7",
                "INSERT INTO celery_layout (layout, oldest) VALUES (2, 1)",
            ])
            let store = try place.store(schema: schema)
            switch way {
            case "syncdb": try await schema.complete(link)
            case "a result": try await store.store([TaskResult(id: TaskID("b"), state: .success)])
            default: #expect(try await store.results(for: [id])[id]?.value == 5)
            }
            #expect(try place.count("SELECT weight FROM celery_result WHERE id = 'a'") == 7, "\(way)")
            #expect(try await store.results(for: [id])[id]?.value == 5)
            #expect(try await schema.missing(in: link).state == .usable)
            await store.close()
        }
    }

    @Test func `an earlier version goes on with a layout that allows it, and leaves another alone`() async throws {
        let early = try place.store()
        try await early.store([result])
        try await later(oldest: 1).complete(SQLServerLink(try place.server()))
        try await place.store().store([TaskResult(id: TaskID("b"), state: .success)])
        #expect(try place.count("SELECT weight FROM celery_result WHERE id = 'b'") == 7)
        try place.tables.run("UPDATE celery_layout SET oldest = 2 WHERE layout = 2")
        let store = try place.store()
        let error = DriverError(
            .unusable, "the tables in \(store.location) have layout 2, and this version of celery knows 1",
            hint: "upgrade celery on this machine; the tables were left unchanged")
        await #expect(throws: error) { try await store.store([TaskResult(id: TaskID("c"), state: .success)]) }
        await #expect(throws: error) { try await store.results(for: [TaskID("a")]) }
    }

    @Test func `a table of the same name that is another program's is left alone`() async throws {
        try place.tables.run("CREATE TABLE celery_result (id INTEGER)")
        let store = try place.store()
        let error = await #expect(throws: DriverError.self) { try await store.store([result]) }
        #expect(error?.code == .unusable)
        #expect(error?.message == "table celery_result in \(store.location) is not one of Celery's: there is no table celery_layout beside it")
        #expect(try place.names() == "celery_result")
    }

    @Test func `tables that are dropped while it is used are made again`() async throws {
        let store = try place.store()
        try await store.store([result])
        try place.tables.run("DROP TABLE \(all)")
        #expect(try await store.results(for: [id]).isEmpty)
        try await store.store([result])
        try place.tables.run("DROP TABLE \(all)")
        try await store.store([result])
        #expect(try await store.results(for: [id])[id]?.value == 5)
        #expect(try place.count("SELECT count(*) FROM celery_layout") == 1)
    }

    @Test func `tables of Python's layout stand beside them`() async throws {
        try await place.tables.store().store([result])
        let store = try place.store()
        #expect(try await store.results(for: [id]).isEmpty)
        try await store.store([TaskResult(id: id, state: .failure)])
        #expect(try await place.tables.store().results(for: [id])[id]?.state == .success)
        #expect(try await store.results(for: [id])[id]?.state == .failure)
    }
}
