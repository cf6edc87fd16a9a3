import CeleryCore
import Fixtures
import Glibc
import Testing

@Suite(.blocking)
struct StatisticsTests {
    private func work(_ project: Project, with variables: [String: String] = [:]) throws {
        try project.task("fail", "#!/bin/sh\nexit 3\n")
        try project.task("again", "#!/bin/sh\n# celery: retry_delay=0 max_retries=1\nexit 75\n")
        let batch = (1...20).map { #"{"task": "demo.tasks.add", "args": [\#($0), 1]}"# }.joined(separator: "\n")
        _ = try project.run("celery apply --batch -", input: batch, with: variables).text
        _ = try project.run("celery apply demo.tasks.fail && celery apply demo.tasks.again", with: variables).text
        _ = try project.run("celery celeryd --burst -s -c2", with: variables).text
    }

    private func check(_ project: Project, with variables: [String: String] = [:]) throws {
        let ended = try project.run("celery stats", with: variables)
        #expect(ended.status == 0)
        #expect(ended.line(0) == "Total processing time by task type:")
        #expect(ended.output.contains("secs. (for a total of 20 executed.)\n"))
        #expect(ended.lines.contains("Total tasks processed: 23"), "\(ended)")
        let rows = try project.run("celery stats --json", with: variables).lines.map { try JSON(parsing: $0) }
        func row(_ task: String) throws -> JSON { try #require(rows.first { $0["task"]?.stringValue == task }) }
        #expect(try row("demo.tasks.add")["ran"] == 20)
        #expect(try row("demo.tasks.add")["failed"] == 0)
        #expect(try row("demo.tasks.fail")["failed"] == 1)
        #expect(try row("demo.tasks.again")["retried"] == 1)
        #expect(try row("demo.tasks.again")["ran"] == 2)
        let add = try row("demo.tasks.add")
        let (p50, p99) = try (#require(add["p50"]?.doubleValue), #require(add["p99"]?.doubleValue))
        #expect(p50 > 0 && p50 <= p99)
        #expect(try project.run("celery stats --task demo.tasks.fail --json", with: variables).lines.count == 1)
        #expect(try project.run("celery stats --since 10m", with: variables).lines.contains("Total tasks processed: 23"))
        #expect(try project.run("celery stats --reset", with: variables).status == 64)
        #expect(try project.run("celery stats --reset --force", with: variables) == Ended())
        let empty = try project.run("celery stats", with: variables)
        #expect(empty.output == "" && empty.status == 0)
        #expect(empty.errors.contains("hint: start workers with celery celeryd --statistics"))
    }

    @Test func `celery stats tells what a worker with -s has run`() throws {
        let project = try Project()
        try work(project)
        try check(project)
    }

    @Test func `celery stats tells it of RabbitMQ as well`() throws {
        let place = try RabbitMQPlace()
        try work(place.project, with: place.variables())
        try check(place.project, with: place.variables())
    }

    @Test func `a worker counts while it works, and the setting is enough`() throws {
        let project = try Project()
        try project.startWorker(with: ["CELERY_STATISTICS": "true"])
        #expect(try project.run("celery celeryd --burst -s").errors.contains("Statistics -> ON"))
        _ = try project.run("celery apply demo.tasks.add 1 2 --wait").text
        #expect(try eventually { try project.run("celery stats --json").output.contains(#""ran":1"#) })
        // What was handed over outlives it.
        kill(try project.workerID, SIGKILL)
        #expect(try project.run("celery stats --json").output.contains(#""ran":1"#))
    }

    @Test func `what was killed for memory, stopped by a revocation, or lost its child has run`() throws {
        let project = try Project()
        try project.task("memory.py", "#!/usr/bin/env python3\n# celery: max_memory=64m\nimport time\nx = b'x' * (300 << 20)\ntime.sleep(60)\n")
        try project.task("crash.sh", "#!/bin/sh\n# celery: crash_limit=2\nkill -9 $PPID\nsleep 60\n")
        try project.task("long.sh", "#!/bin/sh\nsleep 60\n")
        try project.startWorker(with: ["CELERY_STATISTICS": "true"])
        _ = try project.run("celery apply demo.tasks.memory --wait; celery apply demo.tasks.crash --wait").status
        let id = try project.run("celery apply demo.tasks.long").text
        #expect(try eventually { try project.run("celery status \(id)").output.contains("STARTED") })
        #expect(try project.run("celery revoke --terminate \(id)").output.contains("terminated"))
        // What is revoked before it begins has not run.
        let later = try project.run("celery apply demo.tasks.add 1 2 --countdown 60").text
        _ = try project.run("celery revoke \(later)").status
        func counts(_ task: String) throws -> [String: Int] {
            let rows = try project.run("celery stats --json --task demo.tasks.\(task)").lines.map { try JSON(parsing: $0) }
            let keys = ["ran", "failed", "retried", "revoked", "lost"]
            return Dictionary(uniqueKeysWithValues: keys.map { ($0, rows.first?[$0]?.intValue ?? -1) })
        }
        #expect(try eventually { try counts("long")["revoked"] == 1 })
        #expect(try counts("memory") == ["ran": 1, "failed": 1, "retried": 0, "revoked": 0, "lost": 0])
        #expect(try counts("crash") == ["ran": 2, "failed": 1, "retried": 0, "revoked": 0, "lost": 2])
        #expect(try counts("long") == ["ran": 1, "failed": 0, "retried": 0, "revoked": 1, "lost": 0])
        #expect(try counts("add")["ran"] ?? 0 <= 0)
    }

    @Test func `a worker without -s counts nothing`() throws {
        let project = try Project()
        _ = try project.run("celery apply demo.tasks.add 1 2 && celery celeryd --burst").text
        let ended = try project.run("celery stats")
        #expect(ended.output == "")
        #expect(ended.errors.contains("celery stats: no statistics on sqlite://"))
    }

    @Test(arguments: ["--reset --watch", "--reset --since 1h", "--force", "--since nonsense", "--since 2100-01-01"])
    func `refuses what makes no sense`(_ options: String) throws {
        #expect(try Project().run("celery stats \(options)").status == 64)
    }
}
