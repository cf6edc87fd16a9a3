import CeleryCore
import Fixtures
import Testing

/// A Swift program with tasks of its own: `celery-example`.
@Suite(.blocking) struct SwiftTaskTests {
    private func project() throws -> Project {
        let project = try Project()
        try project.startWorker(program: "celery-example")
        return project
    }

    @Test(arguments: [
        ("example.add 2 3", Ended("5\n")), ("example.add y=3 x=2", Ended("5\n")), ("example.add 2 y=3", Ended("5\n")),
        ("example.nothing", Ended("null\n")), ("example.divide 1 4", Ended("0.25\n")),
        ("example.divide 1 0", Ended(errors: "Divide.DivisionByZero: cannot divide 1.0 by zero\n", status: 1)),
        ("example.fetch '[\"a\", \"bcd\"]'", Ended("{\"a\":1,\"bcd\":3}\n")),
        ("example.unsteady 2", Ended("worked after 2 retries\n")),
        ("example.join '[\"a\", \"b\"]'", Ended("a b\n")), ("example.join separator=- words='[\"a\", \"b\"]'", Ended("a-b\n")),
        ("example.join", Ended(errors: "TypeError: example.join() missing required argument 'words'\n", status: 1)),
        ("example.wait 60 --time-limit 0.3", Ended(errors: "TimeLimitExceeded: 0.3\n", status: 1)),
        ("example.wait 60 --soft-time-limit 0.3", Ended(errors: "SoftTimeLimitExceeded: 0.3\n", status: 1)),
    ])
    func `runs tasks built in`(_ words: String, _ expected: Ended) throws {
        var ended = try project().run("celery-example apply \(words) --wait")
        // The members of a dictionary come in any order.
        if ended.output.hasPrefix("{\"bcd\"") { ended.output = "{\"a\":1,\"bcd\":3}\n" }
        #expect(ended == expected)
    }

    @Test func `a task submits another one by a client of its project`() throws {
        let project = try project()
        let id = try project.run("celery-example apply example.relay 4 --wait").text
        try project.expect("celery result --wait \(id)", Ended("5\n"))
    }

    @Test func `a task maps another one over its parts, and leaves no results of these`() throws {
        let project = try Project()
        try project.startWorker("-c 2", program: "celery-example")
        try project.expect("celery-example apply example.spread 200 --wait", Ended("20100\n"))
        #expect(try project.run("celery list --json | jq -r .task").lines == ["example.spread"])
        #expect(try project.run("celery taskset").output == "")
    }

    @Test func `refuses arguments that do not fit, in words`() throws {
        let project = try project()
        for words in ["1", "1 2 3", "one 2", "1 2 z=3"] {
            let ended = try project.run("celery-example apply example.add \(words) --wait")
            #expect(ended.status == 1, "\(words)")
            #expect(ended.errors.hasPrefix("TypeError: "), "\(words): \(ended.errors)")
        }
    }

    @Test func `a task that crashes takes only its child along`() throws {
        let project = try project()
        let ended = try project.run("celery-example apply example.crash --wait")
        #expect(ended.status == 126)
        #expect(ended.errors.hasPrefix("WorkerLostError: "))
        try project.expect("celery-example apply example.add 1 1 --wait", Ended("2\n"))
        #expect(project.log.contains("Replaced 1 dead pool worker: "))
    }

    @Test func `is a celery command, with its tasks beside those of the project`() throws {
        let project = try project()
        let tasks = try project.run("celery-example tasks").lines
        #expect(tasks.contains("example.add\tbuilt in"))
        #expect(tasks.contains("demo.tasks.add\tdemo/tasks/add.sh"))
        try project.expect("celery-example apply demo.tasks.add 1 --wait", Ended("1\n"))
        // The plain command knows them through the worker.
        try project.expect("celery apply example.add 1 1 --wait", Ended("2\n"))
        try project.expect("celery-example dmap example.add --json-lines -j 2", input: "[1, 2]\n[3, 4]\n", Ended("3\n7\n"))
    }

    @Test func `a function with a context logs, retries, and has no value`() throws {
        let project = try project()
        try project.expect("celery-example apply example.greet Ann --task-id me --wait", Ended("null\n"))
        #expect(eventually { project.log.contains("INFO/MainProcess] example.greet[me]: hello, Ann") })
        let ended = try project.run("celery-example apply example.greet Ann --max-retries 0 --wait")
        #expect(ended.status == 1)
        #expect(ended.errors.hasPrefix("MaxRetriesExceededError: "), "\(ended.errors)")
        try project.stopWorker()
    }

    @Test func `a task says how far it has come, and notes something about itself`() throws {
        let project = try project()
        let id = try project.run("celery-example apply example.count 200").text
        #expect(try eventually { try project.run("celery status \(id)").output.contains("/200 counting\n") })
        let ended = try JSON(parsing: try project.run("celery result --wait --json \(id)").text)
        #expect(ended["result"] == 200 && ended["meta"] == ["counted": 200])
        try project.stopWorker()
    }

    @Test func `a task logs, and knows itself`() throws {
        let project = try project()
        let ended = try project.run("celery-example apply example.announce hello --task-id me --wait")
        let object = try JSON(parsing: try ended.text)
        #expect(object["task_id"] == "me")
        #expect(object["task_name"] == "example.announce")
        #expect(object["loglevel"] == "INFO")
        #expect(object["logfile"]?.stringValue == "\(project.path)/w.log")
        #expect(eventually { project.log.contains("INFO/MainProcess] example.announce[me]: announcing hello") })
    }
}
