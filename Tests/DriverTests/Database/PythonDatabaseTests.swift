import CeleryCore
import CeleryDB
import Fixtures
import Foundation
import Pickle
import ResultStores
import SQLite
import Testing
import Wire

/// Results in the tables of Python's Celery, as seen from here.
@Suite(.timeLimit(.minutes(3))) struct PythonDatabaseTests {
    let folder = TemporaryFolder()
    var path: String { folder.file("results.db") }

    private func open(expires: Double? = nil, _ format: PythonResultFormat = .json) throws -> PythonDatabaseStore {
        try PythonDatabaseStore(path: path, expires: expires, format: format)
    }

    /// Does something as another program would.
    private func elsewhere<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws -> Value {
        let database = try SerialDatabase(path: path)
        defer { database.close() }
        return try database.performAndWait(body)
    }

    // MARK: Tables

    /// The statements by which a schema was made, without their spacing.
    private func schema(_ statements: [String]) -> [String] {
        statements.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ").replacing("( ", with: "(").replacing(" )", with: ")") }
    }

    private func schemaInFile() throws -> [String] {
        try schema(elsewhere { try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid") })
    }

    @Test func `makes the tables of Celery 5.7 with the first result`() async throws {
        let store = try open()
        #expect(try schemaInFile() == [])
        #expect(try await store.results(for: [TaskID("a")]).isEmpty)
        #expect(try await store.forget([TaskID("a")]) == 0)
        #expect(try schemaInFile() == [])
        try await store.store([TaskResult(id: TaskID("a"), state: .success, value: 5)])
        #expect(try schemaInFile() == schema(PythonSchema.latest.statements))
        #expect(try elsewhere { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "delete")
    }

    @Test(arguments: [PythonSchema.celery54, .celery56])
    func `uses the tables of an older version as they are, and completes them when told to`(version: PythonSchema) async throws {
        let old = version.statements
        try elsewhere { db in
            for statement in old { try db.execute(sql: statement) }
            try db.execute(sql: "INSERT INTO celery_taskmeta (task_id, status, args) VALUES ('old', 'STARTED', x'5b5d')")
        }
        let store = try open()
        var result = TaskResult(id: TaskID("a"), state: .success, value: 5)
        result.children = [[["child", nil], nil]]
        try await store.store([result])
        #expect(try await store.results(for: [TaskID("a")])[TaskID("a")]?.children == [])
        #expect(try schemaInFile() == schema(old))

        let missing = try await PythonTables.missing(at: path)
        #expect(missing.contains("ALTER TABLE celery_taskmeta ADD COLUMN children BLOB"))
        #expect(missing.contains("ALTER TABLE celery_taskmeta ADD COLUMN stamps BLOB"))
        #expect(missing.count == (version == .celery54 ? 4 : 2))
        try await PythonTables.complete(at: path)
        #expect(try await PythonTables.missing(at: path) == [])
        // The open store sees the new column.
        result.id = TaskID("b")
        try await store.store([result])
        #expect(try await store.results(for: [TaskID("b")])[TaskID("b")]?.children == result.children)
        // A row that was there keeps what is not ours to write.
        try await store.store([TaskResult(id: TaskID("old"), state: .success)])
        #expect(try elsewhere { try [UInt8].fetchOne($0, sql: "SELECT args FROM celery_taskmeta WHERE task_id = 'old'") } == [UInt8]("[]".utf8))
    }

    @Test func `asking what is missing creates nothing`() async throws {
        #expect(try await PythonTables.missing(at: path).count == 4)
        #expect(folder.names == [])
        try folder.write("", to: "results.db")
        #expect(try await PythonTables.missing(at: path).count == 4)
        try await PythonTables.complete(at: path)
        #expect(try await PythonTables.missing(at: path) == [])
        try await PythonTables.complete(at: path)
        #expect(try schemaInFile() == schema(PythonSchema.latest.statements))
    }

    // MARK: Files of others

    private let hint = "name another file with --result-backend db+sqlite:///PATH; this one was left unchanged"

    @Test func `refuses what is no database, and our own kind`() async throws {
        try folder.write("hello\n", to: "results.db")
        #expect(throws: DriverError(.unusable, "\(path) is not a SQLite database, but some other kind of file", hint: hint)) { try open() }
        await #expect(throws: DriverError.self) { try await PythonTables.missing(at: path) }
        #expect(folder.read("results.db") == "hello\n")
        try DatabaseFile(path: folder.file("celery.db")).close()
        #expect(throws: DriverError(
            .unusable, "\(folder.file("celery.db")) is a celery database of our own layout, not of Python's",
            hint: "write --result-backend sqlite:///PATH, or \(hint)")) {
            try PythonDatabaseStore(path: folder.file("celery.db"), expires: nil)
        }
        let lost = folder.file("no/such/folder.db")
        #expect(throws: DriverError.self) { try PythonDatabaseStore(path: lost, expires: nil) }
    }

    @Test func `adds nothing to a database that says it is something else`() async throws {
        try elsewhere { db in
            try db.execute(sql: "PRAGMA application_id = 252006673; CREATE TABLE timeline (id)")
        }
        let before = folder.bytes("results.db")
        let store = try open()
        let error = DriverError(.unusable, "\(path) is a SQLite database of another program", hint: hint)
        await #expect(throws: error) { try await store.store([TaskResult(id: TaskID("a"), state: .success)]) }
        await #expect(throws: error) { try await PythonTables.complete(at: path) }
        #expect(folder.bytes("results.db") == before)
    }

    @Test func `refuses a table of the same name that is not Celery's`() async throws {
        try elsewhere { try $0.execute(sql: "CREATE TABLE celery_taskmeta (id INTEGER PRIMARY KEY, task_id TEXT, result TEXT)") }
        let error = DriverError(
            .unusable, "table celery_taskmeta in \(path) is not one of Celery's: it has no column 'status'",
            hint: "name another file; this one was left unchanged")
        let store = try open()
        await #expect(throws: error) { try await store.store([TaskResult(id: TaskID("a"), state: .success)]) }
        await #expect(throws: error) { try await store.results(for: [TaskID("a")]) }
        await #expect(throws: error) { try await PythonTables.complete(at: path) }
    }

    @Test(arguments: ["wal", "delete", "truncate", "persist"])
    func `leaves the journal mode alone, and wakes in each`(mode: String) async throws {
        try elsewhere { try $0.execute(sql: "PRAGMA journal_mode = \(mode); CREATE TABLE mine (id)") }
        let store = try open()
        let other = try open()
        for number in 0..<20 {
            let id = TaskID("\(number)")
            let state = try await promptly("the end of the wait") {
                async let waiting: TaskState = {
                    while true {
                        let mark = await store.mark()
                        if let result = try await store.results(for: [id])[id] { return result.state }
                        try await store.waitForChange(since: mark, until: nil)
                    }
                }()
                try await other.store([TaskResult(id: id, state: .success)])
                return try await waiting
            }
            #expect(state == .success)
        }
        await store.close()
        await other.close()
        #expect(try elsewhere { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == (mode == "wal" ? "wal" : "delete"))
    }

    // MARK: Rows

    private func column<Value: SQLiteConvertible>(_ name: String, of id: String) throws -> Value? {
        try elsewhere { try Value.fetchOne($0, sql: "SELECT \(name) FROM celery_taskmeta WHERE task_id = ?", arguments: [id]) }
    }

    @Test func `writes JSON, as Celery 5.7 does`() async throws {
        let store = try open()
        let failure = TaskResult(id: TaskID("b"), state: .failure, failure: .notRegistered("x"))
        try await store.store([
            TaskResult(id: TaskID("a"), state: .success, value: ["k": [1, nil, "ü"]]), failure, TaskResult(id: TaskID("c"), state: .success),
        ])
        func text(_ id: String) throws -> String { String(decoding: try #require(try column("result", of: id) as [UInt8]?), as: UTF8.self) }
        #expect(try text("a") == #"{"k": [1, null, "\u00fc"]}"#)
        #expect(try text("b") == #"{"exc_type": "NotRegistered", "exc_message": ["x"], "exc_module": "celery.exceptions"}"#)
        #expect(try text("c") == "null")
        let found = try await store.results(for: ["a", "b", "c"].map { TaskID($0) })
        #expect(found[TaskID("a")]?.value == ["k": [1, nil, "ü"]] && found[TaskID("b")]?.failure == .notRegistered("x"))
        #expect(found[TaskID("c")]?.value == .null && found[TaskID("c")]?.state == .success)
    }

    @Test func `writes pickles when told to, and times as SQLAlchemy does`() async throws {
        let store = try open(.pickle)
        var result = TaskResult(id: TaskID("a"), state: .success, value: ["k": [1, nil]])
        result.dateDone = Timestamp(seconds: 1_000_000_000)
        result.children = [[["child", nil], nil]]
        var failure = TaskResult(id: TaskID("b"), state: .failure, failure: .notRegistered("x"))
        failure.dateDone = Timestamp(seconds: 1_000_000_000.000025)
        try await store.store([result, failure, TaskResult(id: TaskID("c"), state: .success), TaskResult(id: TaskID("d"), state: .started)])
        #expect(try column("date_done", of: "a") == "2001-09-09 01:46:40.000000")
        #expect(try #require(try column("result", of: "a") as [UInt8]?).starts(with: [0x80, 2]))
        #expect(try column("children", of: "a") == [UInt8](#"[[["child", null], null]]"#.utf8))
        #expect(try column("date_done", of: "b") == "2001-09-09 01:46:40.000025")
        #expect(
            try PickleReader.json(#require(try column("result", of: "b") as [UInt8]?))
                == ["exc_type": "NotRegistered", "exc_message": ["x"], "exc_module": "celery.exceptions"])
        // A final result without a date gets one, or it would never expire; one that is not final has none.
        #expect(try #require(try column("date_done", of: "c") as String?).hasPrefix("20"))
        #expect(try column("result", of: "c") == SQLiteValue.null && column("children", of: "c") == SQLiteValue.null)
        #expect(try column("date_done", of: "d") == SQLiteValue.null)
    }

    @Test func `reads whatever form a value has`() async throws {
        let store = try open()
        try await store.store([TaskResult(id: TaskID("none"), state: .success)])
        let forms: [(String, SQLiteValue, JSON)] = [
            ("json", .blob([UInt8]("[1, NaN, \"\\u00fc\"]".utf8)), "later"), ("text", .text("{\"a\": 1}"), ["a": 1]),
            ("protocol 0", .blob([UInt8]("(lp0\nI1\na.".utf8)), [1]), ("number", .integer(5), 5), ("bytes", .blob([0x80, 3, 0x43, 1, 0xFF, 0x2E]), ["__type__": "base64", "__value__": "/w=="]),
        ]
        try elsewhere { db in
            for (id, value, _) in forms {
                try db.execute(
                    sql: "INSERT INTO celery_taskmeta (task_id, status, result, date_done) VALUES (?, 'SUCCESS', ?, '2026-11-22T17:39:50')",
                    arguments: [id, value])
            }
            try db.execute(sql: "INSERT INTO celery_taskmeta (task_id, status, result, traceback, retries) VALUES ('odd', NULL, NULL, x'ff', 'many')")
            try db.execute(sql: "INSERT INTO celery_taskmeta (task_id, status, result) VALUES ('yaml', 'SUCCESS', x'2d20610a')")
        }
        let results = try await store.results(for: forms.map { TaskID($0.0) })
        for (id, _, expected) in forms where id != "json" { #expect(results[TaskID(id)]?.value == expected, "\(id)") }
        #expect(results[TaskID("json")]?.value.text(style: .python) == "[1, NaN, \"\\u00fc\"]")
        #expect(results[TaskID("json")]?.dateDone == ISO8601.timestamp("2026-11-22T17:39:50Z"))
        let odd = try #require(try await store.results(for: [TaskID("odd")])[TaskID("odd")])
        #expect(odd.state == .pending && odd.traceback == "\u{FFFD}" && odd.retries == 0)
    }

    @Test func `a result that cannot be read is a failure, and keeps nobody from the others`() async throws {
        let store = try open()
        try await store.store([TaskResult(id: TaskID("good"), state: .success, value: 1)])
        try elsewhere { db in
            for (id, state) in [("yaml", "SUCCESS"), ("tried", "RETRY"), ("begun", "STARTED")] {
                try db.execute(sql: "INSERT INTO celery_taskmeta (task_id, status, result) VALUES (?, ?, x'2d20610a')", arguments: [id, state])
            }
        }
        let results = try await store.results(for: ["yaml", "good", "tried", "begun"].map { TaskID($0) })
        #expect(results[TaskID("good")]?.value == 1)
        let failure = try #require(results[TaskID("yaml")]?.failure)
        #expect(results[TaskID("yaml")]?.state == .failure)
        #expect((failure.type, failure.module) == ("DecodeError", "kombu.exceptions"))
        #expect(failure.message == "cannot read the result in \(path): invalid number at byte 0; have Python write results with result_serializer = \"json\" or \"pickle\"")
        #expect(results[TaskID("tried")]?.state == .retry && results[TaskID("tried")]?.failure?.type == "DecodeError")
        #expect(results[TaskID("begun")]?.state == .started && results[TaskID("begun")]?.value == .null)
    }

    @Test func `drops saved groups whose time is over`() async throws {
        let store = try open(expires: 60)
        try await store.store([TaskResult(id: TaskID("a"), state: .success)])
        try elsewhere { db in
            try db.execute(sql: """
                INSERT INTO celery_tasksetmeta (taskset_id, result, date_done)
                VALUES ('old', x'6e756c6c', '2020-01-01 00:00:00.000000'), ('new', x'6e756c6c', '2999-01-01 00:00:00.000000')
                """)
        }
        #expect(try await store.dropExpired(now: .now, limit: 10) == 1)
        #expect(try await store.group("old") == nil)
        #expect(try await store.group("new") == .null)
    }
}
