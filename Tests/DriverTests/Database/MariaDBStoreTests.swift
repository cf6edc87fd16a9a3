import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing

/// Results in Python's tables at a MariaDB server: what the promises of all stores do not say.
@Suite(.timeLimit(.minutes(3))) struct MariaDBStoreTests {
    let place: DatabasePlace

    init() throws { place = try DatabasePlace(.mariaDB) }

    private func result(_ id: TaskID, _ value: JSON = 5) -> TaskResult { TaskResult(id: id, state: .success, value: value) }

    private func type(_ column: String) throws -> String? {
        try place.rows(
            "SELECT column_type FROM information_schema.columns WHERE table_schema = database() AND table_name = 'celery_taskmeta' AND column_name = ?",
            [.text(column)]
        ).first?.first?.text
    }

    /// As SQLAlchemy makes the table in MySQL, which has no sequences.
    private func makePythonsTable() throws {
        try place.run("""
            CREATE TABLE celery_taskmeta (id INTEGER NOT NULL AUTO_INCREMENT, task_id VARCHAR(155), status VARCHAR(50), result BLOB, \
            date_done DATETIME, traceback TEXT, PRIMARY KEY (id), UNIQUE (task_id))
            """)
    }

    // MARK: Tables

    @Test func `makes tables with room, and with the sequences that SQLAlchemy uses`() async throws {
        let store = try place.store()
        try await store.store([result(TaskID("a"))])
        #expect(try type("result") == "longblob" && type("date_done") == "datetime(6)" && type("traceback") == "longtext")
        #expect(try type("task_id") == "varchar(155)" && type("retries")?.hasPrefix("int") == true)
        #expect(try place.rows("SELECT id FROM celery_taskmeta").first?.first?.integer == 1)
        // What Python would do.
        try place.run("INSERT INTO celery_taskmeta (id, task_id, status, result) VALUES (nextval(task_id_sequence), 'b', 'SUCCESS', 'null')")
        #expect(try await store.results(for: [TaskID("b")])[TaskID("b")]?.state == .success)
    }

    @Test func `syncdb makes the same, says before what it would do, and may be repeated`() async throws {
        let link = SQLServerLink(try DatabasePlace.server(place.url))
        let missing = try await PythonTables.missing(in: link)
        #expect(missing.count == 6 && missing[0] == "CREATE SEQUENCE task_id_sequence")
        #expect(try type("id") == nil)
        try await PythonTables.complete(link)
        #expect(try await PythonTables.missing(in: link) == [])
        try await PythonTables.complete(link)
    }

    @Test func `a result that is too long for Python's table is refused, and the error says what helps`() async throws {
        try makePythonsTable()
        let store = try place.store()
        let value = JSON.string(String(repeating: "x", count: 65_533))
        try await store.store([result(TaskID("fits"), value)])
        #expect(try await store.results(for: [TaskID("fits")])[TaskID("fits")]?.value == value)
        let long = result(TaskID("long"), .string(String(repeating: "x", count: 65_534)))
        let error = await #expect(throws: DriverError.self) { try await store.store([result(TaskID("other")), long]) }
        #expect(error == DriverError(
            .refused, "the result of long has 65536 bytes; column result of celery_taskmeta in \(store.location) takes 65535",
            hint: "let it take more: ALTER TABLE celery_taskmeta MODIFY result LONGBLOB", subject: TaskID("long")))
        #expect(try await store.results(for: [TaskID("other"), TaskID("long")]).isEmpty)
        // Its type is not ours to change; what it says helps.
        try await PythonTables.complete(SQLServerLink(try DatabasePlace.server(place.url)))
        #expect(try type("result") == "blob")
        try place.run("ALTER TABLE celery_taskmeta MODIFY result LONGBLOB")
        let again = try place.store()
        try await again.store([long])
        #expect(try await again.results(for: [long.id])[long.id]?.value == long.value)
    }

    @Test func `in Python's table times are whole seconds, and the end of a long traceback is kept`() async throws {
        try makePythonsTable()
        let store = try place.store()
        var given = TaskResult(id: TaskID("a"), state: .failure, failure: TaskFailure(type: "E"))
        given.dateDone = Timestamp(seconds: Timestamp.now.seconds.rounded(.down))
        given.traceback = String(repeating: "x", count: 70_000) + "the end"
        try await store.store([given])
        let found = try await store.results(for: [given.id])[given.id]
        #expect(found?.dateDone == given.dateDone)
        #expect(found?.traceback?.utf8.count == 65_535 && found?.traceback?.hasPrefix("...x") == true && found?.traceback?.hasSuffix("the end") == true)
    }

    @Test func `a result is final in the order in which columns change, too`() async throws {
        let store = try place.store()
        let id = TaskID("a")
        try await store.store([TaskResult(id: id, state: .started)])
        try await store.store([result(id, 1)])
        try await store.store([TaskResult(id: id, state: .failure, failure: TaskFailure(type: "E"))])
        let found = try await store.results(for: [id])[id]
        #expect(found?.state == .success && found?.value == 1)
    }

    @Test func `a statement that the server would not take is refused before it is sent`() async throws {
        let store = try place.store()
        try await store.store([result(TaskID("a"))])
        let huge = result(TaskID("b"), .string(String(repeating: "x", count: 33 << 20)))
        let error = await #expect(throws: DriverError.self) { try await store.store([huge]) }
        #expect(error?.code == .refused && error?.message.contains("max_allowed_packet") == true)
        #expect(try await store.results(for: [TaskID("a")]).count == 1)
    }

    // MARK: Failures

    @Test func `wrong passwords, missing rights and databases, and closed ports are told without the password`() async throws {
        let server = place.server
        let cases: [(String, DriverError.Code)] = [
            (server.url(host: "127.0.0.1", user: "celery:wrong-secret"), .noPermission),
            (server.url(host: "127.0.0.1", user: "reader:reader-secret"), .noPermission),
            (server.url(host: "127.0.0.1", database: "nowhere"), .unusable), ("db+mysql://u:secret@127.0.0.1:1/a", .unreachable),
        ]
        for (url, code) in cases {
            let store = PythonDatabaseStore(try DatabasePlace.server(url), expires: nil)
            let error = await #expect(throws: DriverError.self) { try await store.store([result(TaskID("a"))]) }
            #expect(error?.code == code, "\(String(describing: error))")
            #expect(error.map { !"\($0) \($0.hint ?? "")".contains("secret") } == true)
        }
    }

    @Test func `a certificate is verified when the URL says so`() async throws {
        let good = "\(place.server.url(host: "localhost", database: place.name))?ssl_ca=\(place.server.authority)"
        try await PythonDatabaseStore(DatabasePlace.server(good), expires: nil).store([result(TaskID("a"))])
        let bad = "\(place.server.url(host: "localhost", database: place.name))?ssl_verify_cert=true"
        let error = await #expect(throws: DriverError.self) {
            try await PythonDatabaseStore(DatabasePlace.server(bad), expires: nil).results(for: [TaskID("a")])
        }
        #expect(error?.code == .unreachable)
    }

    @Test func `a server that falls silent is given up; killed and started again, it is used again`() async throws {
        let own = try DatabaseServer.start(.mariaDB, options: [])
        let store = PythonDatabaseStore(try DatabasePlace.server(own.url), expires: nil)
        try await store.store([result(TaskID("a"))])
        try own.perform("suspend")
        let began = ContinuousClock.now
        let error = await #expect(throws: DriverError.self) { _ = try await store.forget([TaskID("b")]) }
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
