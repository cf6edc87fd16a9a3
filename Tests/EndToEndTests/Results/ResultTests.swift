import CeleryCore
import Testing

/// `celery result`.
@Suite(.blocking) struct ResultTests {
    @Test(arguments: [
        ("printf 'two words'", "two words\n"), ("echo 5", "5\n"), ("echo '\"text\"'", "text\n"),
        ("echo '{\"b\": [1, null]}'", "{\"b\":[1,null]}\n"), (":", "\n"), ("printf 'a\\n\\n'", "a\n\n"), ("echo null", "null\n"),
        ("printf '\\377'", "\u{FFFD}"), ("echo 1.0", "1.0\n"), ("echo ü", "ü\n"),
    ])
    func `prints what the program printed`(_ line: String, _ printed: String) throws {
        let project = try Project()
        try project.task("say.sh", "#!/bin/sh\n\(line)\n")
        let id = try project.apply("demo.tasks.say")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        try project.expect("celery result \(id)", Ended(printed))
    }

    @Test func `tells all it knows with --json`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho why >&2\nexit 7\n")
        _ = try project.apply("demo.tasks.add 1 --task-id good")
        _ = try project.apply("demo.tasks.fail --task-id bad")
        #expect(try project.run("celery celeryd --burst -q -n w@h").status == 0)
        let ended = try project.run("celery result --json good bad nope")
        #expect(ended.status == 7)
        let objects = try ended.lines.map { try JSON(parsing: $0) }
        try #require(objects.map { $0["state"] } == ["SUCCESS", "FAILURE", "UNKNOWN"])
        #expect(objects.map { $0["exit_status"] } == [0, 7, 127])
        #expect(objects.map { $0["result"] } == [1, .null, .null])
        #expect(objects[1]["error"] == .object([
            "type": "CalledProcessError", "module": "subprocess",
            "message": "demo.tasks.fail returned exit status 7", "arguments": .array([7, "demo.tasks.fail"]),
        ]))
        #expect(objects[1]["stderr"] == "why\n")
        #expect(objects[1]["traceback"] == "why\n")
        for key in ["task", "worker", "attempt", "retries", "started", "done"] {
            #expect(objects[0][key]?.isNull == false, "\(key)")
        }
    }

    @Test func `adds the traceback when asked`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho deep inside >&2\nexit 7\n")
        let id = try project.apply("demo.tasks.fail")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        let message = "CalledProcessError: demo.tasks.fail returned exit status 7\n"
        try project.expect("celery result \(id)", Ended(errors: message, status: 7))
        try project.expect("celery result --traceback \(id)", Ended(errors: "deep inside\n" + message, status: 7))
    }

    @Test func `waits, and drops what was printed when told so`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 4")
        let waiting = try project.start("celery result --wait --forget \(id)")
        try project.startWorker()
        #expect(try waiting.wait() == Ended("4\n"))
        #expect(try project.run("celery result \(id)").status == 127)
    }

    @Test func `expires`() throws {
        let project = try Project()
        try project.write("INSTALLED_APPS = [\"demo\"]\nCELERY_TASK_RESULT_EXPIRES = 0.001\n", to: "celery.toml")
        let id = try project.apply("demo.tasks.add 4")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.run("celery result \(id)").status == 127)
    }
}
