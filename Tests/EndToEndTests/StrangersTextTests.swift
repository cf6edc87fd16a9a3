import Fixtures
import Testing

/// Text of tasks and messages: it can neither pass for a line of the log nor act on a terminal.
@Suite(.blocking) struct StrangersTextTests {
    private static let fake = "[2026-01-01 00:00:00,000: INFO/MainProcess] fake"

    @Test func `each line of the log is one of the worker, or indented below one`() throws {
        let project = try Project()
        try project.task("say.sh", "#!/bin/sh\nprintf 'a\\033[31m\\rb\\n' >&2\nprintf 'x\\n\(Self.fake)\\033[2J'\n")
        try project.task("fail.sh", "#!/bin/sh\nprintf 'one\\n\(Self.fake)\\033[2J\\n' >&2\nexit 3\n")
        try project.startWorker()
        let id = try project.apply("demo.tasks.say")
        let bad = try project.apply("demo.tasks.fail")
        _ = try project.run("celery status --wait \(id) \(bad)")
        try project.stopWorker()
        let lines = project.log.split(separator: "\n").drop { $0 != "Celery has started." }.dropFirst()
        #expect(lines.count > 6 && lines.allSatisfy { $0.hasPrefix("[") || $0.hasPrefix("    ") }, "\(project.log)")
        #expect(!lines.contains { $0.hasPrefix(Self.fake) })
        #expect(!project.log.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 })
        #expect(project.log.contains("demo.tasks.say[\(id)]: a\\u{1b}[31m\\u{d}b\n"))
        #expect(project.log.contains("Task demo.tasks.say[\(id)] processed: x\\u{a}\(Self.fake)\\u{1b}[2J\n"))
        #expect(project.log.contains("demo.tasks.fail[\(bad)]: \(Self.fake)\\u{1b}[2J\n"))
    }

    @Test func `only what a task returned reaches the terminal as it is`() throws {
        let project = try Project()
        try project.task("say.sh", "#!/bin/sh\nprintf 'x\\033[2J'\n")
        try project.startWorker("-E")
        #expect(try project.run("celery apply demo.tasks.say --wait").output == "x\u{1B}[2J\n")
        let id = try project.apply("$'demo.\\e[2Jtasks\\n.none\\u9b'")
        _ = try project.run("celery status --wait \(id)")
        for line in [
            "status -l \(id)", "status -l --json \(id)", "dead list", "dead list --json", "dead show \(id)", "dead show --json \(id)", "explain \(id)",
            "explain --json \(id)", "events --since 1h", "events --since 1h --json", "inspect registered", "stats", "tasks", "queues",
            "dead replay --dry-run --all",
        ] {
            let ended = try project.run("celery \(line)")
            let text = ended.output + ended.errors
            #expect(!text.unicodeScalars.contains { $0 != "\n" && $0 != "\t" && ($0.value < 0x20 || (0x7F...0x9F).contains($0.value)) }, "celery \(line): \(ended)")
            #expect(!text.contains("\n.none"), "celery \(line): \(ended)")
        }
        #expect(try project.run("celery result \(id)").errors == "NotRegistered: demo.\\u{1b}[2Jtasks\n.none\\u{9b}\n")
        #expect(try project.run("celery dead list").output.contains("demo.\\u{1b}[2Jtasks\\u{a}.none"))
    }

    @Test func `a worker that begins anew logs its command line without the password in it`() throws {
        let project = try Project()
        try project.startWorker("--result-backend 'db+sqlite:///r.db?password=hunter2'")
        try project.signalWorker(1)
        #expect(eventually { project.log.contains("Restarting celeryd (") })
        #expect(eventually { project.log.contains("password=***") })
        #expect(!project.log.contains("hunter2"))
    }

    @Test func `the variable CELERY_LOGFILE names a file that is written, or nothing`() throws {
        let project = try Project()
        try project.task("where.sh", "#!/bin/sh\necho \"${CELERY_LOGFILE-unset}\"\n")
        _ = try project.apply("demo.tasks.where")
        let id = try project.apply("demo.tasks.where")
        _ = try project.run("celery celeryd --burst", with: ["CELERY_LOGFILE": "/of/a/worker/above"]).text
        #expect(try project.run("celery result \(id)").output == "\n")
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.where --wait").output == "\(project.path)/w.log\n")
        #expect(try project.run("celery dmap demo.tasks.where 1 -j 1 -Q own").output == "\n")
    }
}
