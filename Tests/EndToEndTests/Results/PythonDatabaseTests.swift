import CeleryCore
import Testing

/// Results in the tables of Python's Celery: `--result-backend db+sqlite:///...`.
@Suite(.blocking) struct PythonDatabaseTests {
    private let options = "--result-backend db+sqlite:///results.db"

    @Test func `keeps results where Python looks for them`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho why >&2\nexit 7\n")
        _ = try project.apply("demo.tasks.add 1 2 --task-id good \(options)")
        _ = try project.apply("demo.tasks.fail --task-id bad \(options)")
        #expect(try project.run("celery celeryd --burst -q -n w@h \(options)").status == 0)
        try project.expect("celery result good \(options)", Ended("3\n"))
        try project.expect(
            "celery result bad \(options)", Ended(errors: "CalledProcessError: demo.tasks.fail returned exit status 7\n", status: 7))
        try project.expect("celery status good bad \(options)", Ended("good\tSUCCESS\nbad\tFAILURE\n", status: 1))
        let rows = "SELECT task_id, status, hex(result), name, worker, queue, traceback IS NOT NULL FROM celery_taskmeta ORDER BY task_id DESC"
        #expect(try project.run("sqlite3 results.db '\(rows)'").lines.first == "good|SUCCESS|33|demo.tasks.add|w@h|celery|0")
        // As a pickle for Celery up to 5.6.
        let pickling = ["CELERY_DATABASE_RESULT_FORMAT": "pickle"]
        _ = try project.apply("demo.tasks.add 1 2 --task-id old \(options)")
        #expect(try project.run("celery celeryd --burst -q -n w@h \(options)", with: pickling).status == 0)
        #expect(try project.run("sqlite3 results.db \"SELECT hex(result) FROM celery_taskmeta WHERE task_id = 'old'\"").text == "80024B032E")
        try project.expect("celery result old \(options)", Ended("3\n"))
        // Nothing of it stands in the broker's own file.
        #expect(try project.run("sqlite3 celery.db 'SELECT count(*) FROM result'").text == "0")
    }

    @Test func `waits for a result`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 4 \(options)")
        let waiting = try project.start("celery result --wait --forget \(id) \(options)")
        try project.startWorker(options)
        #expect(try waiting.wait() == Ended("4\n"))
        #expect(try project.run("sqlite3 results.db 'SELECT count(*) FROM celery_taskmeta'").text == "0")
    }

    @Test func `creates tables, and completes those of an older version`() throws {
        let project = try Project()
        let file = "\(project.path)/results.db"
        _ = try project.run("celery syncdb").text
        let broker = "\(project.path)/celery.db: complete\n"
        try project.expect("celery syncdb --check \(options)", Ended(broker + "\(file): missing\n", status: 1))
        #expect(!project.exists("results.db"))
        let sql = try project.run("celery syncdb --dry-run \(options)")
        #expect(sql.status == 0)
        // As an older version would have made them.
        let old = sql.output.split(separator: "\n").filter { !$0.contains("children") && !$0.contains("stamps") && !$0.contains("CREATE INDEX") }
        try project.expect("sqlite3 results.db", input: old.joined(separator: "\n"), Ended())
        _ = try project.run("sqlite3 results.db \"INSERT INTO celery_taskmeta (task_id, status) VALUES ('old', 'STARTED')\"").text
        try project.expect("celery syncdb --dry-run \(options)", Ended("""
            ALTER TABLE celery_taskmeta ADD COLUMN children BLOB;
            ALTER TABLE celery_taskmeta ADD COLUMN stamps BLOB;
            CREATE INDEX ix_celery_taskmeta_date_done ON celery_taskmeta (date_done);
            CREATE INDEX ix_celery_tasksetmeta_date_done ON celery_tasksetmeta (date_done);

            """))
        try project.expect("celery syncdb --check \(options)", Ended(broker + "\(file): missing\n", status: 1))
        let json = "celery syncdb: results are written as JSON, as Celery 5.7 does; Celery 5.4 to 5.6 cannot read that and need CELERY_DATABASE_RESULT_FORMAT = \"pickle\"\n"
        try project.expect("celery syncdb \(options)", Ended(broker + "\(file): created\n", errors: json))
        let pickle = try project.run("celery syncdb --json \(options)", with: ["CELERY_DATABASE_RESULT_FORMAT": "pickle"])
        #expect(pickle.lines.last == #"{"database":"\#(file)","state":"complete","results":"pickle"}"#)
        #expect(pickle.errors.hasPrefix("celery syncdb: results are written as pickles, which Celery 5.4 to 5.6 need; "))
        try project.expect("celery syncdb --check \(options)", Ended(broker + "\(file): complete\n"))
        try project.expect("celery status old \(options)", Ended("old\tSTARTED\n", status: 75))
    }

    @Test func `refuses files of other kinds`() throws {
        let project = try Project()
        _ = try project.run("echo hello > results.db").text
        try project.expect("celery status x \(options)", Ended(
            errors: """
                celery status: \(project.path)/results.db is not a SQLite database, but some other kind of file
                hint: name another file with --result-backend db+sqlite:///PATH; this one was left unchanged

                """, status: 65))
        #expect(project.read("results.db") == "hello\n")
        #expect(try project.run("celery syncdb && celery syncdb --check --result-backend db+sqlite:///celery.db").status == 65)
    }
}
