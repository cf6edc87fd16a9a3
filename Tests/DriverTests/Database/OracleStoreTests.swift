import CeleryCore
import Fixtures
import ResultStores
import SQL
import Testing

/// Results in Python's tables in Oracle's dialect, as far as a MariaDB server understands it.
@Suite(.timeLimit(.minutes(5))) struct OracleStoreTests {
    private func result(_ id: String, _ state: TaskState = .success, value: JSON = nil) -> TaskResult {
        TaskResult(id: TaskID(id), state: state, value: value)
    }

    @Test func `syncdb makes the tables, and finds nothing missing then`() async throws {
        let place = try OraclePlace()
        let link = SQLServerLink(try place.server())
        let statements = try await PythonTables.missing(in: link)
        #expect(statements.filter { $0.hasPrefix("CREATE SEQUENCE") } == ["CREATE SEQUENCE task_id_sequence", "CREATE SEQUENCE taskset_id_sequence"])
        #expect(statements.contains { $0.contains("task_id VARCHAR2(155 CHAR)") && $0.contains("attempt INTEGER") })
        // The one word of them that MariaDB does not understand.
        for statement in statements { try place.run(statement.replacing(text: " CHAR)", with: ")")) }
        #expect(try await PythonTables.missing(in: link).isEmpty)
        try place.run("ALTER TABLE celery_taskmeta DROP COLUMN attempt")
        #expect(try await PythonTables.missing(in: link) == ["ALTER TABLE celery_taskmeta ADD (attempt INTEGER)"])
        try await PythonTables.complete(link)
        #expect(try await PythonTables.missing(in: link).isEmpty)
        await link.close()
    }

    @Test func `a row is that of Python, numbered by its sequence`() async throws {
        let place = try OraclePlace(hasTables: true)
        let store = try place.store()
        var done = result("a", value: ["x": 1])
        done.dateDone = Timestamp(seconds: 1_000_000_000.25)
        try await store.store([done, result("b", .started)])
        let rows = try place.rows("SELECT id, task_id, status, result, date_done FROM celery_taskmeta ORDER BY id")
        try #require(rows.map { $0[0].integer } == [1, 2] && rows.map { $0[1].text } == ["a", "b"])
        #expect(rows[0][3].text == #"{"x": 1}"# && rows[0][4].text?.hasPrefix("2001-09-09 01:46:40.25") == true && rows[1][4] == .null)
        try await store.store([result("b", value: 2), result("a", value: 3)])
        #expect(try place.rows("SELECT result FROM celery_taskmeta ORDER BY id").map { $0[0].text } == [#"{"x": 1}"#, "2"])
        await store.close()
    }

    @Test func `whole seconds, as SQLAlchemy's columns have them, are read, too`() async throws {
        let place = try OraclePlace(hasTables: true)
        try place.run("ALTER TABLE celery_taskmeta MODIFY date_done TIMESTAMP(0) NULL")
        let store = try place.store(expires: nil)
        var done = result("a")
        done.dateDone = Timestamp(seconds: 1_000_000_000)
        try await store.store([done])
        #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.dateDone == Timestamp(seconds: 1_000_000_000))
        await store.close()
    }

    @Test func `many results are one transaction, which two writers of the same tasks survive`() async throws {
        let place = try OraclePlace(hasTables: true)
        let stores = [try place.store(), try place.store()]
        for round in 0..<5 {
            let ids = (0..<40).map { "\(round)-\($0)" }
            async let first: Void = stores[0].store(ids.map { result($0, value: 0) })
            async let second: Void = stores[1].store(ids.reversed().map { result($0, value: 1) })
            _ = try await (first, second)
            let found = try await stores[0].results(for: ids.map(TaskID.init))
            // Each batch is stored as a whole.
            #expect(found.count == 40 && Set(found.values.map(\.value)).count == 1)
        }
        for store in stores { await store.close() }
    }

    @Test func `a table that is dropped meanwhile is noticed`() async throws {
        let place = try OraclePlace(hasTables: true)
        let store = try place.store()
        try await store.store([result("a")])
        try place.run("DROP TABLE celery_taskmeta")
        #expect(try await store.results(for: [TaskID("a")]).isEmpty)
        await store.close()
    }
}
