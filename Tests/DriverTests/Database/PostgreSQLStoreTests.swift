import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing

/// Results in Python's tables at a PostgreSQL server: what the promises of all stores do not say.
@Suite(.timeLimit(.minutes(3))) struct PostgreSQLStoreTests {
    let place: DatabasePlace

    init() throws { place = try DatabasePlace(.postgreSQL) }

    private func result(_ id: TaskID, _ value: JSON = 5) -> TaskResult { TaskResult(id: id, state: .success, value: value) }

    // MARK: Tables

    /// What SQLAlchemy makes of the models of Celery 5.7, and the column of ours.
    private let tables = """
        celery_taskmeta id integer|celery_taskmeta task_id character varying(155)|celery_taskmeta status character varying(50)|\
        celery_taskmeta result bytea|celery_taskmeta date_done timestamp without time zone|celery_taskmeta traceback text|\
        celery_taskmeta children bytea|celery_taskmeta name character varying(155)|celery_taskmeta args bytea|celery_taskmeta kwargs bytea|\
        celery_taskmeta worker character varying(155)|celery_taskmeta retries integer|celery_taskmeta queue character varying(155)|\
        celery_taskmeta stamps bytea|celery_taskmeta attempt integer|celery_tasksetmeta id integer|celery_tasksetmeta taskset_id character varying(155)|\
        celery_tasksetmeta result bytea|celery_tasksetmeta date_done timestamp without time zone
        """

    private func columns() throws -> String {
        try place.rows("""
            SELECT c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = '\(place.name)'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 ORDER BY c.relname, a.attnum
            """).compactMap(\.first?.text).joined(separator: "|")
    }

    private func others() throws -> [String] {
        try place.rows("""
            SELECT relname::text FROM pg_class WHERE relnamespace = '\(place.name)'::regnamespace AND relkind IN ('S', 'i') ORDER BY relname
            """).compactMap(\.first?.text)
    }

    @Test func `makes the tables that SQLAlchemy makes, with their sequences, with the first result`() async throws {
        let store = try place.store()
        #expect(try await store.results(for: [TaskID("a")]).isEmpty)
        #expect(try await store.forget([TaskID("a")]) == 0)
        #expect(try columns() == "")
        try await store.store([result(TaskID("a"))])
        #expect(try columns() == tables)
        #expect(try others() == [
            "celery_taskmeta_pkey", "celery_taskmeta_task_id_key", "celery_tasksetmeta_pkey", "celery_tasksetmeta_taskset_id_key",
            "ix_celery_taskmeta_date_done", "ix_celery_tasksetmeta_date_done", "task_id_sequence", "taskset_id_sequence",
        ])
    }

    @Test func `syncdb makes the same, says before what it would do, and may be repeated`() async throws {
        let link = SQLServerLink(try DatabasePlace.server(place.url))
        let missing = try await PythonTables.missing(in: link)
        #expect(missing.count == 6 && missing[0] == "CREATE SEQUENCE task_id_sequence")
        #expect(try columns() == "")
        try await PythonTables.complete(link)
        #expect(try columns() == tables)
        #expect(try await PythonTables.missing(in: link) == [])
        try await PythonTables.complete(link)
    }

    @Test func `uses the tables of an older version as they are, and completes them when told to`() async throws {
        try place.run("CREATE SEQUENCE task_id_sequence")
        try place.run("""
            CREATE TABLE celery_taskmeta (id INTEGER NOT NULL, task_id VARCHAR(155), status VARCHAR(50), result BYTEA, \
            date_done TIMESTAMP WITHOUT TIME ZONE, traceback TEXT, PRIMARY KEY (id), UNIQUE (task_id))
            """)
        try place.run("CREATE TABLE celery_tasksetmeta (id SERIAL PRIMARY KEY, taskset_id VARCHAR(155) UNIQUE, result BYTEA, date_done TIMESTAMP)")
        let store = try place.store()
        var given = result(TaskID("a"))
        given.children = [[["child", nil], nil]]
        given.task = "shop.sell"
        try await store.store([given])
        #expect(try await store.results(for: [given.id])[given.id]?.value == 5)
        #expect(try await store.results(for: [given.id])[given.id]?.children == [])
        // A table that numbers its rows itself is left to it.
        let set = TaskSetRecord(id: SetNumbering().id, total: 2, created: Timestamp(seconds: 1_000))
        try await store.keep(set)
        #expect(try await store.taskSet(set.id)?.total == 2)
        let link = SQLServerLink(try DatabasePlace.server(place.url))
        #expect(try await PythonTables.missing(in: link).contains("ALTER TABLE celery_taskmeta ADD COLUMN children BYTEA"))
        try await PythonTables.complete(link)
        #expect(try await PythonTables.missing(in: link) == [])
        // The store notices, once its connection is another: columns that are gone it notices at once.
        try await place.store().store([result(TaskID("b"))])
        try place.run("ALTER TABLE celery_taskmeta DROP COLUMN queue")
        try await store.store([result(TaskID("c"))])
        #expect(try await store.results(for: [TaskID("a"), TaskID("b"), TaskID("c")]).count == 3)
    }

    @Test func `refuses a table of the same name that is not Celery's`() async throws {
        try place.run("CREATE TABLE celery_taskmeta (id INTEGER PRIMARY KEY, task_id TEXT, result TEXT)")
        let store = try place.store()
        let error = DriverError(
            .unusable, "table celery_taskmeta in \(store.location) is not one of Celery's: it has no column 'status'",
            hint: "name another database; this one was left unchanged")
        await #expect(throws: error) { try await store.store([result(TaskID("a"))]) }
        await #expect(throws: error) { try await store.results(for: [TaskID("a")]) }
    }

    // MARK: Rows

    @Test func `writes what Python reads, and reads what Python writes`() async throws {
        let store = try place.store()
        var given = result(TaskID("a"), ["x": 1])
        given.dateDone = Timestamp(seconds: 1_000_000_000.25)
        given.task = "shop.sell"
        try await store.store([given])
        let row = try #require(try place.rows("SELECT status, result, to_char(date_done, 'YYYY-MM-DD HH24:MI:SS.US'), name, id FROM celery_taskmeta").first)
        #expect(row.map(\.text) == ["SUCCESS", "{\"x\": 1}", "2001-09-09 01:46:40.250000", "shop.sell", "1"])
        // A pickle of Celery 5.6: None.
        try place.run("INSERT INTO celery_taskmeta (id, task_id, status, result) VALUES (nextval('task_id_sequence'), 'b', 'SUCCESS', '\\x80054e2e')")
        #expect(try await store.results(for: [TaskID("b")])[TaskID("b")]?.value == .null)
        #expect(try await store.taskIDs(startingWith: "a", limit: 5) == [TaskID("a")])
        #expect(try await store.taskIDs(startingWith: "", limit: 5) == [TaskID("b"), TaskID("a")])
    }

    @Test func `what the columns cannot take is refused, and nothing of its batch is stored; what only describes is shortened`() async throws {
        let store = try place.store()
        let long = String(repeating: "x", count: 156)
        for id in [long, "a\u{0}b"] {
            let error = await #expect(throws: DriverError.self) { try await store.store([result(TaskID("good")), result(TaskID(id))]) }
            #expect(error?.code == .refused && error?.subject == TaskID(id))
            #expect(try await store.results(for: [TaskID("good"), TaskID(id)]).isEmpty)
        }
        var given = TaskResult(id: TaskID("a"), state: .failure, failure: TaskFailure(type: "E"))
        given.task = long
        given.traceback = "a\u{0}b"
        try await store.store([given])
        let found = try await store.results(for: [given.id])[given.id]
        #expect(found?.traceback == "a\u{FFFD}b" && found?.task?.count == 155)
    }

    @Test func `several results of one task in a batch are as if stored one after the other`() async throws {
        let store = try place.store()
        let id = TaskID("a")
        try await store.store([TaskResult(id: id, state: .started), result(id, 1), result(id, 2)])
        #expect(try await store.results(for: [id])[id]?.value == 1)
    }

    @Test func `the number of an attempt counts until Python changes the row`() async throws {
        let store = try place.store()
        func started(_ attempt: Int) -> TaskResult {
            var result = TaskResult(id: TaskID("a"), state: .started)
            result.attempt = attempt
            return result
        }
        try await store.store([started(3)])
        var late = result(TaskID("a"))
        try await store.store([late])
        #expect(try await store.results(for: [late.id])[late.id]?.state == .started)
        // Python knows of no attempts: its retry may come back here with another count.
        try place.run("UPDATE celery_taskmeta SET status = 'RETRY', date_done = now()")
        late.attempt = 2
        try await store.store([late])
        #expect(try await store.results(for: [late.id])[late.id]?.state == .success)
    }

    // MARK: Waiting

    @Test func `a wait is told of what our writers store, and looks for what Python's store`() async throws {
        let (store, other) = (try place.store(), try place.store())
        for byPython in [false, true] {
            let id = TaskID()
            try await promptly("the end of the wait") {
                async let looks: Int = {
                    for look in 1... {
                        let mark = await store.mark()
                        if try await store.results(for: [id])[id] != nil { return look }
                        try await store.waitForChange(since: mark, until: nil)
                    }
                    return 0
                }()
                #expect(try await eventually {
                    try place.server.ask("SELECT count(*) FROM pg_stat_activity WHERE query IN ('LISTEN celery_taskmeta', 'SELECT 1')") != "0\n"
                })
                if byPython {
                    try place.run("""
                        INSERT INTO celery_taskmeta (id, task_id, status, result) VALUES (nextval('task_id_sequence'), '\(id)', 'SUCCESS', 'null')
                        """)
                } else {
                    try await other.store([result(id)])
                }
                #expect(try await looks > 0)
            }
        }
        await store.close()
    }

    // MARK: Failures

    @Test func `a wrong password, and a user without rights, are told without the password`() async throws {
        for (user, word) in [("celery:wrong-secret", "password"), ("reader:reader-secret", "permission denied")] {
            let store = PythonDatabaseStore(
                try DatabasePlace.server(place.server.url(host: "127.0.0.1", user: user)), expires: nil)
            let error = await #expect(throws: DriverError.self) { try await store.store([result(TaskID("a"))]) }
            #expect(error?.code == .noPermission && error?.message.contains(word) == true, "\(String(describing: error))")
            #expect(error.map { !"\($0) \($0.hint ?? "")".contains("secret") } == true)
        }
    }

    @Test func `a database that does not exist, and a port where nobody listens, are told`() async throws {
        let cases: [(String, DriverError.Code)] = [
            (place.server.url(host: "127.0.0.1", database: "nowhere"), .unusable), ("db+postgresql://u:secret@127.0.0.1:1/a", .unreachable),
        ]
        for (url, code) in cases {
            let store = PythonDatabaseStore(try DatabasePlace.server(url), expires: nil)
            let error = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("a")]) }
            #expect(error?.code == code && error?.message.contains("secret") == false, "\(String(describing: error))")
        }
    }

    @Test func `a certificate is verified when the URL says so`() async throws {
        let server = place.server
        let good = "\(server.url(host: "localhost"))?sslmode=verify-full&sslrootcert=\(server.authority)&options=-csearch_path%3D\(place.name)"
        try await PythonDatabaseStore(DatabasePlace.server(good), expires: nil).store([result(TaskID("a"))])
        let bad = "\(server.url(host: "localhost"))?sslmode=verify-full&sslrootcert=/etc/hostname"
        let error = await #expect(throws: DriverError.self) {
            try await PythonDatabaseStore(DatabasePlace.server(bad), expires: nil).results(for: [TaskID("a")])
        }
        #expect(error?.code == .unreachable)
    }

    @Test func `a server that falls silent is given up; killed and started again, it is used again`() async throws {
        let own = try DatabaseServer.start(.postgreSQL, options: [])
        let store = PythonDatabaseStore(try DatabasePlace.server(own.url), expires: nil)
        try await store.store([result(TaskID("a"))])
        try own.perform("suspend")
        let began = ContinuousClock.now
        let error = await #expect(throws: DriverError.self) {
            _ = try await store.forget([TaskID("b")])
        }
        #expect(error?.code == .unreachable)
        #expect((ContinuousClock.now - began).isWaitForSilentServer)
        try own.perform("resume")
        #expect(try await eventually { (try? await store.store([result(TaskID("b"))])) != nil })
        try own.perform("kill")
        await #expect(throws: DriverError.self) { try await store.store([result(TaskID("c"))]) }
        try own.perform("restart")
        #expect(try await eventually { (try? await store.store([result(TaskID("c"))])) != nil })
        #expect(try await store.results(for: [TaskID("a"), TaskID("b"), TaskID("c")]).count == 3)
        await store.close()
        try own.perform("stop")
    }
}
