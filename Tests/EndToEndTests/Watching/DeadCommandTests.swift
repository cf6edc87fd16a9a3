import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery dead`, on the embedded broker.
@Suite(.blocking) struct DeadCommandTests {
    private func project(_ tasks: String...) throws -> (Project, [String]) {
        let project = try Project()
        let ids = try tasks.map { try project.apply($0 + " 2>/dev/null") }
        #expect(try project.run("celery celeryd --burst -q -n w@here").status == 0)
        return (project, ids)
    }

    @Test func `lists and shows what was given up`() throws {
        let (project, ids) = try project("shop.sell 1 k=v", "demo.tasks.add 1", "shop.buy")
        let listed = try project.run("celery dead list").lines.map { $0.split(separator: "\t").map(String.init) }
        #expect(listed.map { $0[0] } == [ids[0], ids[2]])
        try #require(listed.allSatisfy { $0.count > 5 })
        #expect(listed.map { [$0[1], $0[2], $0[3], $0[5]] } == [["shop.sell", "celery", "unregistered", "1"], ["shop.buy", "celery", "unregistered", "1"]])
        #expect(try project.run("celery dead list --task 'shop.s*' --since 1h --reason unregistered -Q celery").lines.count == 1)
        #expect(try project.run("celery dead list --until 1h; celery dead list --reason signal; celery dead list -Q other").output == "")
        #expect(try project.run("celery dead list -n 1").lines.count == 1)
        let shown = try JSON(parsing: project.run("celery dead show --json \(ids[0])").output)
        #expect(shown["args"] == [1])
        #expect(shown["kwargs"] == ["k": "v"])
        #expect(shown["error"]?.stringValue == "NotRegistered: shop.sell")
        #expect(shown["worker"]?.stringValue == "w@here")
        #expect(shown["headers"]?["task"]?.stringValue == "shop.sell")
        let text = try project.run("celery dead show \(ids[0])").output
        #expect(text.contains("\nreason:     unregistered\n"))
        #expect(text.contains("\nargs:       [1]\nkwargs:     {\"k\":\"v\"}\n"))
        // The task has failed all the same.
        #expect(try project.run("celery result \(ids[0])").status == 127)
    }

    @Test func `sends again what was missing before a deploy`() throws {
        let (project, ids) = try project("demo.tasks.late 1", "demo.tasks.late 2", "shop.buy")
        try project.task("late.sh", "#!/bin/sh\necho $1\n")
        try project.expect("celery dead replay --task demo.tasks.late", Ended(ids[..<2].map { $0 + "\n" }.joined()))
        #expect(try ids.map { try project.state(of: $0) } == ["PENDING", "PENDING", "FAILURE"])
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.run("celery result \(ids[0]) \(ids[1])") == Ended("1\n2\n"))
        #expect(try project.run("celery dead list").lines.count == 1)
    }

    @Test func `a chain that was cut off goes on after a replay`() throws {
        let project = try Project()
        try project.task("late.sh", "#!/bin/sh\necho 4\n")
        let body = #"[[], {}, {"callbacks": null, "errbacks": null, "chain": [{"task": "demo.tasks.square", "args": [], "kwargs": {}, "options": {"task_id": "step-2"}, "subtask_type": null, "immutable": false}], "chord": null}]"#
        let id = try project.apply("demo.tasks.late")
        let change = "import sqlite3, sys; d = sqlite3.connect('celery.db'); d.execute('UPDATE message SET body = ?', (sys.stdin.buffer.read(),)); d.commit()"
        _ = try project.run("mv demo/tasks/late.sh late.off; python3 -c \"\(change)\"", input: body).text
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try [id, "step-2"].map { try project.state(of: $0) } == ["FAILURE", "FAILURE"])
        _ = try project.run("mv late.off demo/tasks/late.sh; celery dead replay \(id)").text
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.run("celery result step-2") == Ended("16\n"))
    }

    @Test func `replays no faster than it is told`() throws {
        let (project, _) = try project("a", "b", "c", "d", "e")
        // One in ten seconds: most are left, however late each look is.
        let slow = try project.start("exec celery dead replay --all --rate 6/m")
        #expect(eventually { !slow.printed.isEmpty })
        #expect(try project.run("celery dead list").lines.count >= 3)
        slow.signal(SIGTERM)
        _ = try slow.wait()
        let left = try project.run("celery dead list").lines.count
        let start = ContinuousClock.now
        let ended = try project.run("celery dead replay --all --rate 2/s")
        #expect((ended.status, ended.lines.count) == (0, left))
        // Half a second between two.
        #expect(ContinuousClock.now - start >= .milliseconds(500 * (left - 1) - 100))
        #expect(try project.run("celery dead list") == Ended())
    }

    @Test func `drops only what is meant, and asks first`() throws {
        let (project, ids) = try project("a", "b", "c")
        try project.expect("celery dead drop --task a", Ended(errors: "celery dead drop: this would delete 1 dead letter\nhint: add --force to confirm\n", status: 64))
        #expect(try project.run("celery dead list").lines.count == 3)
        try project.expect("celery dead drop --task a --force", Ended(ids[0] + "\n"))
        try project.expect("celery dead drop \(ids[1])", Ended(ids[1] + "\n"))
        #expect(try project.run("celery dead list").lines.count == 1)
        try project.expect("celery dead drop --all --force", Ended(ids[2] + "\n"))
        try project.expect("celery dead list", Ended())
    }

    @Test func `says what is wrong with what it is asked`() throws {
        let (project, ids) = try project("a")
        let none = "there is no dead letter 'nobody'"
        for (line, status, error) in [
            ("list nobody", 127, "celery dead list: \(none)\n"), ("show nobody", 127, "celery dead show: \(none)\n"),
            ("replay nobody", 127, "celery dead replay: \(none)\n"), ("drop nobody", 127, "celery dead drop: \(none)\n"),
            ("drop nobody --reason lost", 127, "celery dead drop: \(none) that matches\n"),
            ("replay", 64, "celery dead replay: neither ids nor filters are given; select all with --all\n"),
            ("drop -f", 64, "celery dead drop: neither ids nor filters are given; select all with --all\n"),
            ("replay --all --task a", 64, "celery dead replay: --all cannot be combined with ids or filters\n"),
        ] as [(String, Int32, String)] {
            try project.expect("celery dead \(line)", Ended(errors: error, status: status))
        }
        for line in ["replay --all --rate fast", "replay --all --rate 0/s", "list --since never", "list -n 0"] {
            #expect(try project.run("celery dead \(line)").status == 64, "\(line)")
        }
        // What RabbitMQ says itself, or a signal, may be.
        for reason in ["signal", "'signal 9'", "rejected", "delivery_limit", "unknown"] {
            #expect(try project.run("celery dead list --reason \(reason)") == Ended(), "\(reason)")
        }
        for reason in ["nosuch", "'signal 0'", "'signal 09'", "'signal 65'", "signal9", "Lost"] {
            #expect(try project.run("celery dead list --reason \(reason)").status == 64, "\(reason)")
        }
        // One that is there is shown for all that.
        #expect(try project.run("celery dead list nobody \(ids[0])").lines.count == 1)
    }
}
