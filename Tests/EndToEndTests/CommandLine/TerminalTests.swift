import Fixtures
import Testing

/// Tables on a terminal: columns under headings. Elsewhere, fields between tabs, for scripts.
@Suite(.blocking) struct TerminalTests {
    /// The lines that a command prints on a terminal of 160 columns.
    private func lines(_ command: String, in project: Project) throws -> [String] {
        let ended = try project.run("script -qec 'stty cols 160; \(command)' /dev/null")
        return ended.output.split(whereSeparator: \.isNewline).map(String.init)
    }

    private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    @Test func `all tables have headings on a terminal, and nowhere else`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        _ = try project.run("printf '\\n[beat.nightly]\\ntask = \"demo.tasks.add\"\\ncrontab = \"0 3 * * *\"\\n' >>celery.toml").text
        let dead = try project.run("celery apply shop.sell 2>/dev/null").text
        let running = try project.apply("demo.tasks.wait")
        let set = try project.run("printf '%s\\n' 1 2 | celery dmap demo.tasks.square --detach").text
        try project.startWorker("-n me@here --statistics")
        #expect(try eventually { try project.run("celery status").output.contains(running) })
        #expect(try eventually { try project.run("celery taskset \(set)").status == 0 })
        try project.write("5 4 * * * true\n", to: "crontab")
        let tables: [(command: String, headings: String)] = [
            ("status", "WORKER PID RUNNING UP QUEUES"), ("status \(running)", "ID STATE"), ("dead list", "ID TASK QUEUE REASON GIVEN UP ATTEMPTS"),
            ("beat list", "ENTRY SCHEDULE TASK SOURCE NEXT LAST DUE LAST STATE"), ("beat next -n 1", "TIME ENTRY TASK"),
            ("list", "ID STATE TASK QUEUE AGE DURATION WORKER DETAILS"), ("queues", "QUEUE READY SCHEDULED RUNNING CONSUMERS"),
            ("tasks", "TASK SOURCE OPTIONS"), ("tasks --remote", "TASK WORKERS"), ("taskset", "ID TOTAL DONE FAILED CREATED"),
            ("taskset \(set)", "STATE COUNT"), ("beat import-crontab --dry-run crontab", "TASK FILE SCHEDULE"),
        ]
        for (command, headings) in tables {
            let shown = try lines("celery \(command) 2>/dev/null", in: project)
            #expect(shown.first.map { words($0).joined(separator: " ") } == headings, "\(command): \(shown)")
            let plain = try project.run("celery \(command) 2>/dev/null").lines
            // Scripts have always found these.
            if command != "queues" { #expect(plain.first.map { !$0.contains(words(headings)[0]) } == true, "\(command): \(plain)") }
            #expect(plain.allSatisfy { !$0.contains("  ") || $0.hasPrefix("  demo") }, "\(command): \(plain)")
        }
        let workers = try lines("celery status", in: project)
        try #require(workers.count == 4 && words(workers[2]) == ["ID", "TASK", "WORKER", "ATTEMPT", "SINCE"], "\(workers)")
        #expect(words(workers[3]).prefix(4) == [running, "demo.tasks.wait", "me@here", "1"], "\(workers)")
        // A line about the leader, or the lines of the original, come first.
        #expect(words(try lines("celery beat status", in: project).dropFirst().first ?? "") == ["ENTRY", "HEALTH", "LAST", "SUCCESS", "NEXT"])
        #expect(try eventually { try project.run("celery stats").lines.contains("task\tran\tfailed\tretried\ttotal\tmean\tp50\tp95\tp99\trate") })
        #expect(try lines("celery stats", in: project).contains { words($0) == ["TASK", "RAN", "FAILED", "RETRIED", "TOTAL", "MEAN", "P50", "P95", "P99", "RATE"] })
        #expect(try lines("celery dead list", in: project).dropFirst().first?.hasPrefix(dead) == true)
        try project.write("", to: "go")
        try project.stopWorker()
    }

    /// Else each picture stands a line above the one before, over what the terminal showed earlier.
    @Test(arguments: ["list --watch", "stats --watch", "status --watch"])
    func `a new picture takes the place of the one before`(command: String) throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        let id = try project.apply("demo.tasks.add 1")
        #expect(try project.run("celery celeryd --burst -q --statistics").status == 0)
        let waiting = try project.apply("demo.tasks.wait")
        let watching = try project.start("exec script -qec 'stty cols 160; celery \(command.hasPrefix("status") ? "\(command) \(id) \(waiting)" : command)' /dev/null")
        #expect(eventually { !watching.printed.isEmpty })
        try project.startWorker("--statistics")
        #expect(eventually { watching.printed.contains("\u{1B}[J") })
        try project.write("", to: "go")
        #expect(eventually { command.hasPrefix("status") || watching.printed.components(of: "\u{1B}[J") >= 3 })
        watching.signal(15)
        _ = try watching.wait()
        let pictures = watching.printed.split(separator: "\u{1B}[J").map(String.init)
        #expect(pictures.count > 1)
        for picture in pictures.dropLast() {
            let lines = picture.prefix { $0 != "\u{1B}" }.utf8.count { $0 == UInt8(ascii: "\n") }
            #expect(picture.hasSuffix("\u{1B}[\(lines)A"), "\(pictures)")
        }
        try project.stopWorker()
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
