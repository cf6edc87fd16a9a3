import Testing

/// `celery dmap`: going on where it stopped, and stopping early.
@Suite(.blocking) struct DmapLogTests {
    /// With a task that notes its item and fails for items that `bad` lists.
    ///
    /// - Parameter seconds: How long an item takes.
    private func project(seconds: Double = 0.05) throws -> Project {
        let project = try Project()
        try project.task("item.sh", "#!/bin/sh\necho $1 >>done; sleep \(seconds)\ngrep -qx \"$1\" bad 2>/dev/null && exit 3\necho $1\n")
        return project
    }

    private func ran(_ project: Project) -> [String] {
        project.read("done").split(separator: "\n").map(String.init).sorted()
    }

    @Test func `logs each item`() throws {
        let project = try project()
        try project.write("b\n", to: "bad")
        let ended = try project.run("celery dmap demo.tasks.item a b -j 1 --joblog jobs.tsv")
        #expect(ended.status == 1)
        let lines = project.read("jobs.tsv").split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        try #require(lines.count == 3 && lines.allSatisfy { $0.count > 4 })
        #expect(lines[0].dropLast() == ["Seq", "Host", "Starttime", "JobRuntime", "Send", "Receive", "Exitval", "Signal", "Command"])
        let set = lines[0].last?.dropFirst("Set=".count) ?? ""
        #expect(set.hasSuffix("-000000000000"))
        // Host, start and duration differ from run to run.
        #expect(lines[1...].map { [$0[0]] + $0[4...] } == [
            ["1", "1", "2", "0", "0", "demo.tasks.item a", "\(set.dropLast())1"],
            ["2", "1", "0", "3", "0", "demo.tasks.item b", "\(set.dropLast())2"],
        ])
        #expect(lines[1...].allSatisfy { $0[1].contains("@") && Double($0[2]) ?? 0 > 1.7e9 })
    }

    @Test func `leaves out what is finished`() throws {
        let project = try project()
        try project.write("b\n", to: "bad")
        #expect(try project.run("celery dmap demo.tasks.item a b c -j 1 --joblog jobs.tsv").status == 1)
        // Cut off, as by a crash.
        _ = try project.run("head -3 jobs.tsv >j && mv j jobs.tsv && printf '3\\tx' >>jobs.tsv; rm done bad").text
        try project.expect("celery dmap demo.tasks.item a b c d -j 1 --joblog jobs.tsv --resume", Ended("c\nd\n"))
        #expect(ran(project) == ["c", "d"])
        try project.expect("celery dmap demo.tasks.item a b c d -j 1 --joblog jobs.tsv --resume", Ended())
        try project.expect("celery dmap demo.tasks.item a b c d -j 1 --joblog jobs.tsv --retry-failed", Ended("b\n"))
        try project.expect("celery dmap demo.tasks.item a b c d -j 1 --joblog jobs.tsv --retry-failed", Ended())
        // Another item in an old place is not taken for done.
        try project.expect("celery dmap demo.tasks.item a B c d -j 1 --joblog jobs.tsv --resume", Ended("B\n"))
    }

    @Test func `needs a log to resume from`() throws {
        let project = try project()
        try project.expect(
            "celery dmap demo.tasks.item a --resume",
            Ended(errors: "celery dmap: --resume and --retry-failed need --joblog\n", status: 64))
        try project.expect(
            "celery dmap demo.tasks.item a --joblog /no/such/log",
            Ended(errors: "celery dmap: cannot open job log /no/such/log: no such file or directory\n", status: 73))
    }

    @Test func `stops after so many failures, dropping what waits`() throws {
        // Long enough for dmap to hear of a failure before the last one has run.
        let project = try project(seconds: 0.5)
        try project.write("2\n3\n", to: "bad")
        let ended = try project.run("seq 50 | celery dmap demo.tasks.item -j 1 --halt now,fail=2")
        #expect(ended.status == 2)
        #expect(ended.output.hasPrefix("1\n"))
        #expect(ended.errors.contains("celery dmap: stopped after 2 failures; "))
        #expect(ran(project).count < 50)
        #expect(try project.run("celery queues").output == "")
    }

    @Test func `lets what runs finish with soon`() throws {
        let project = try project(seconds: 0.5)
        try project.write("1\n", to: "bad")
        let ended = try project.run("seq 50 | celery dmap demo.tasks.item -j 2 --halt soon,fail=1%")
        #expect(ended.status == 1)
        #expect(ran(project).count < 50)
        // Everything that ran was printed.
        #expect(ended.lines.sorted() == ran(project).filter { $0 != "1" })
    }

    @Test(arguments: ["later,fail=1", "now", "now,fail=0", "soon,fail=101%", "now,done=1"])
    func `refuses a halt condition that is none`(_ text: String) throws {
        let project = try project()
        try project.expect("celery dmap demo.tasks.item a --halt \(text)", Ended(
            errors: "celery dmap: '\(text)' is not a halt condition (for --halt); write now,fail=1 or soon,fail=10%\n", status: 64))
    }
}
