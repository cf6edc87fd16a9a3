import CeleryCore
import Fixtures
import Testing

/// `celery logs`, and where else the output of a task is shown.
@Suite(.blocking) struct LogsTests {
    /// A task that fails in its first attempt and waits for the file `go` in its second.
    private func project() throws -> Project {
        let project = try Project()
        try project.task("work.sh", """
            #!/bin/sh
            # celery: retry_delay=0
            echo "out $CELERY_ATTEMPT"
            echo "err $CELERY_ATTEMPT" >&2
            [ "$CELERY_ATTEMPT" = 1 ] && exit 75
            until [ -e go ]; do sleep 0.02; done
            echo end
            """)
        return project
    }

    @Test func `prints what the attempts wrote, together or one by one`() throws {
        let project = try project()
        try project.write("", to: "go")
        let id = try project.apply("demo.tasks.work")
        try project.expect("celery logs \(id)", Ended(errors: "celery logs: \(id): the task has not begun\n"))
        try project.startWorker()
        #expect(try project.run("celery status --wait \(id)").status == 0)
        let ended = try project.run("celery logs \(id)")
        #expect(ended.status == 0)
        #expect(ended.errors == "==> attempt 1 <==\n==> attempt 2 <==\n")
        #expect(ended.lines.sorted() == ["end", "err 1", "err 2", "out 1", "out 2"])
        try project.expect("celery logs --attempt 1 --stdout \(id)", Ended("out 1\n"))
        try project.expect("celery logs --attempt 2 --stdout \(id)", Ended("out 2\nend\n"))
        try project.expect("celery logs --attempt 2 --stderr \(id)", Ended("err 2\n"))
        try project.expect("celery logs -q --stderr \(id)", Ended("err 1\nerr 2\n"))
        try project.expect("celery logs --attempt 3 \(id)", Ended(errors: "celery logs: \(id): nothing is kept of what attempt 3 wrote\n"))
        let objects = try project.run("celery logs --json --stdout \(id)").lines.map { try JSON(parsing: $0) }
        #expect(objects.first == ["id": .string(id), "attempt": 1, "stream": "stdout", "offset": 0, "text": "out 1\n"])
        try project.expect("celery logs nobody", Ended(errors: "celery logs: nobody: no such task id\n", status: 127))
        // It goes with the result.
        _ = try project.run("celery result --forget \(id)").output
        try project.expect("celery logs \(id)", Ended(errors: "celery logs: \(id): no such task id\n", status: 127))
        #expect(try project.run("sqlite3 celery.db 'SELECT count(*) FROM output'").text == "0")
    }

    @Test func `follows a task through its attempts until it ends`() throws {
        let project = try project()
        try project.startWorker()
        let id = try project.apply("demo.tasks.work")
        let following = try project.start("celery logs -f --stdout \(id)")
        #expect(try eventually { try project.run("celery logs --stdout \(id)").output.hasSuffix("out 2\n") })
        try project.write("", to: "go")
        let ended = try following.wait()
        #expect(ended.status == 0)
        #expect(ended.output == "out 1\nout 2\nend\n")
    }

    @Test func `says what was left out, in text and JSON`() throws {
        let project = try Project()
        try project.task("chatty.sh", "#!/bin/sh\nprintf begin; yes | head -c 100000; printf end\n")
        _ = try project.apply("demo.tasks.chatty --task-id chatty")
        #expect(try project.run("celery celeryd --burst -q", with: ["CELERYD_TASK_OUTPUT_BYTES": "16"]).status == 0)
        try project.expect("celery logs chatty", Ended("beginy\ny\ny\ny\nend", errors: "[99992 bytes of stdout were not kept]\n"))
        let objects = try project.run("celery logs --json chatty").lines.map { try JSON(parsing: $0) }
        try #require(objects.map { $0["offset"] } == [0, 8, 100_000])
        #expect(objects[1]["omitted"] == 99_992)
    }

    @Test func `bytes are printed as they were written`() throws {
        let project = try Project()
        try project.task("bytes.sh", "#!/bin/sh\nprintf '\\377\\000\\033[31m\\n'\n")
        _ = try project.apply("demo.tasks.bytes --task-id bytes")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.run("celery logs bytes | od -An -tx1").text == " ff 00 1b 5b 33 31 6d 0a")
        let object = try JSON(parsing: try project.run("celery logs --json bytes").text)
        #expect(object["text"] == ["__type__": "base64", "__value__": "/wAbWzMxbQo="])
    }

    @Test func `a failed task's stdout is shown by result, explain and apply`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho what it did\necho why it stopped >&2\nexit 3\n")
        try project.startWorker()
        let failure = "CalledProcessError: demo.tasks.fail returned exit status 3\n"
        let shown = "why it stopped\nwhat it did\n"
        try project.expect("celery apply demo.tasks.fail --wait --task-id failed", Ended(errors: shown + failure, status: 3))
        try project.expect("celery result failed", Ended(errors: failure, status: 3))
        try project.expect("celery result --traceback failed", Ended(errors: shown + failure, status: 3))
        let explained = try project.run("celery explain failed").output
        #expect(explained.contains("  stderr:     why it stopped\n") && explained.contains("  stdout:     what it did\n"))
        let object = try JSON(parsing: try project.run("celery result --json failed").output)
        #expect(object["stdout"] == "what it did\n")
    }

    @Test(arguments: ["info", "warning", "error"])
    func `what a failed program wrote to stderr is in the worker's log once, whatever its level`(level: String) throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho why it stopped >&2\nexit 3\n")
        _ = try project.apply("demo.tasks.fail")
        let log = try project.run("celery celeryd --burst -q -c1 -l \(level)").errors
        #expect(log.ranges(of: "why it stopped").count == 1, "\(log)")
    }

    @Test func `names the store that cannot keep output, and the power`() throws {
        let project = try Project()
        let options = "--result-backend db+sqlite:///results.db"
        let id = try project.apply("demo.tasks.add 1 2 \(options)")
        #expect(try project.run("celery celeryd --burst -q \(options)").status == 0)
        try project.expect("celery logs \(id) \(options)", Ended(errors: """
            celery logs: db+sqlite:////\(project.path.dropFirst())/results.db cannot keep the output of tasks
            hint: keep results in a SQLite file or in PostgreSQL, with CELERY_RESULT_BACKEND = "sqlite:///PATH" or "postgresql://HOST/DATABASE"

            """, status: 78))
    }

    @Test func `with RabbitMQ it is in the file of the results`() throws {
        let place = try RabbitMQPlace()
        try place.project.task("work.sh", "#!/bin/sh\necho out\nuntil [ -e go ]; do sleep 0.02; done\nexit 1\n")
        try place.project.startWorker(with: place.variables())
        let id = try place.run("celery apply demo.tasks.work").text
        let following = try place.project.start("celery logs -f \(id)", with: place.variables())
        #expect(try eventually { try place.run("celery logs \(id)").output == "out\n" })
        try place.project.write("", to: "go")
        #expect(try following.wait() == Ended("out\n"))
        try place.project.stopWorker()
    }

    @Test func `who may not read the database cannot read output`() throws {
        let project = try Project()
        try project.task("secret.sh", "#!/bin/sh\necho secret\n")
        _ = try project.apply("demo.tasks.secret --task-id secret")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        // All that was written lies in the database and its log.
        let places = try project.run("grep -rl secret . | sort; stat -c %a celery.db*").lines
        #expect(places.filter { !$0.hasPrefix("./") }.allSatisfy { $0 == "600" })
        #expect(places.filter { $0.hasPrefix("./") && !$0.hasPrefix("./celery.db") && $0 != "./demo/tasks/secret.sh" } == [])
    }
}
