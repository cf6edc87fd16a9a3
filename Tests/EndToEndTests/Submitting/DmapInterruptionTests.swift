import Fixtures
import Glibc
import Testing

/// `celery dmap`: interrupted, and resumed.
@Suite(.blocking) struct DmapInterruptionTests {
    /// With a task that notes its item, and waits for the file `go` unless its item is small.
    private func project() throws -> Project {
        let project = try Project()
        try project.task("item.sh", """
            #!/bin/sh
            echo $1 >>ran
            [ $1 -le 2 ] || until [ -e go ]; do sleep 0.02; done
            echo $1

            """)
        return project
    }

    private func ran(_ project: Project) -> [Int] { project.read("ran").split(separator: "\n").compactMap { Int($0) } }

    private func isEmpty(_ project: Project) throws -> Bool {
        try project.run("sqlite3 celery.db 'SELECT count(*) FROM message'").output == "0\n"
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `a signal withdraws what nobody has begun, and waits for the rest`(_ signal: Int32, _ status: Int32) throws {
        let project = try project()
        try project.startWorker("--prefetch 1")
        let mapping = try project.start("exec celery dmap demo.tasks.item \((1...30).map(String.init).joined(separator: " ")) --joblog j")
        #expect(eventually { mapping.printed == "1\n2\n" && ran(project).count == 4 })
        mapping.signal(signal)
        #expect(eventually { mapping.said.contains("interrupted; ") })
        #expect(try project.run("celery queues").output.contains("\t0\t"))
        try project.write("", to: "go")
        let ended = try mapping.wait()
        #expect(ended.status == status)
        let done = ran(project)
        #expect(ended.lines.compactMap { Int($0) } == done.sorted())
        #expect(ended.errors.contains(" are still running\nhint: waiting for them; interrupt again to revoke them\n"), "\(ended)")
        #expect(ended.errors.hasSuffix("""
            celery dmap: interrupted; \(30 - done.count) items were withdrawn, none is running
            hint: go on with: celery dmap demo.tasks.item \((1...30).map(String.init).joined(separator: " ")) --joblog j --resume

            """), "\(ended)")
        #expect(try isEmpty(project))

        let rest = try project.run("celery dmap demo.tasks.item \((1...30).map(String.init).joined(separator: " ")) --joblog j --resume")
        #expect(rest == Ended((1...30).filter { !done.contains($0) }.map { "\($0)\n" }.joined()))
        #expect(ran(project).sorted() == Array(1...30))
    }

    @Test func `a second signal revokes what runs, also in a pool of its own`() throws {
        for words in ["", "-j 2"] {
            let project = try project()
            if words.isEmpty { try project.startWorker() }
            let mapping = try project.start("seq 20 | celery dmap demo.tasks.item --joblog j \(words)")
            #expect(eventually { ran(project).count >= 4 })
            let dmap = try #require(Int32(try project.run("pgrep -P \(mapping.id) -x celery").output.filter(\.isNumber)))
            kill(dmap, SIGINT)
            #expect(eventually { mapping.said.contains("interrupt again to revoke them") })
            kill(dmap, SIGINT)
            let ended = try mapping.wait(within: .seconds(30))
            #expect(ended.status == 130, "\(ended)")
            #expect(ended.output == "1\n2\n")
            #expect(try eventually { try isEmpty(project) })
            let before = ran(project)
            // What was revoked runs under a new id.
            try project.write("", to: "go")
            try project.expect("seq 20 | celery dmap demo.tasks.item --joblog j --resume -j 2", Ended((3...20).map { "\($0)\n" }.joined()))
            #expect(Set(ran(project)) == Set(1...20))
            #expect(ran(project).count - before.count == 18)
        }
    }

    @Test func `a reader that goes away ends it at once, and nothing stays for others`() throws {
        let project = try project()
        try project.startWorker("--prefetch 1")
        let mapping = try project.start("seq 30 | { celery dmap demo.tasks.item --joblog j; echo $? >status; } | head -1")
        #expect(eventually { project.read("status") == "141\n" })
        #expect(mapping.said.contains("celery dmap: nobody reads the results any more; "), "\(mapping.said)")
        #expect(mapping.said.contains("hint: go on with: celery dmap demo.tasks.item --joblog j --resume\n"))
        #expect(try project.run("celery queues").output.contains("\t0\t"))
        try project.write("", to: "go")
        #expect(try mapping.wait().output == "1\n")
        #expect(try eventually { try isEmpty(project) })
        // What ran on has its result taken by the next one.
        _ = try project.run("seq 30 | celery dmap demo.tasks.item --joblog j --resume").text
        #expect(ran(project).sorted() == Array(1...30))
    }

    @Test func `a killed one is joined: nothing is sent anew, nothing is done twice`() throws {
        let project = try project()
        try project.startWorker("--prefetch 1")
        let line = "seq 40 | celery dmap demo.tasks.item --joblog j --output out --resume"
        for _ in 0..<3 {
            let mapping = try project.start(line)
            #expect(eventually { ran(project).count == 4 && project.read("out") == "1\n2\n" })
            #expect(try eventually { try project.run("sqlite3 celery.db 'SELECT count(*) FROM message'").output == "38\n" })
            _ = try project.run("pkill -KILL -P \(mapping.id) -x celery")
            #expect(try mapping.wait().status == 137)
        }
        // As if it had been killed between a result and its line.
        _ = try project.run("printf 'torn' >>out; printf '3\\tx' >>j").text
        try project.write("", to: "go")
        try project.expect(line, Ended())
        #expect(project.read("out") == (1...40).map { "\($0)\n" }.joined())
        #expect(ran(project).sorted() == Array(1...40))
        #expect(try isEmpty(project))
        try project.expect("sqlite3 celery.db 'SELECT count(*) FROM result'", Ended("0\n"))
    }

    @Test func `an interrupted map keeps the order of its results for the one that resumes it`() throws {
        let project = try Project()
        try project.task("item.sh", "#!/bin/sh\necho $1 >>ran\n[ $1 != 1 ] || until [ -e go ]; do sleep 0.02; done\necho $1\n")
        try project.startWorker("--prefetch 1")
        let mapping = try project.start("exec celery dmap demo.tasks.item 1 2 3 4 5 6 7 8 --joblog j --output out")
        #expect(eventually { project.read("ran").split(separator: "\n").count == 8 })
        #expect(project.read("out") == "")
        _ = try project.run("pkill -KILL -P \(mapping.id); kill -KILL \(mapping.id)")
        _ = try mapping.wait()
        let again = try project.start("exec celery dmap demo.tasks.item 1 2 3 4 5 6 7 8 --joblog j --output out --resume")
        #expect(eventually { project.read("j").contains("Set=") })
        again.signal(SIGTERM)
        try project.write("", to: "go")
        #expect([Int32(143), 0].contains(try again.wait().status))
        _ = try project.run("celery dmap demo.tasks.item 1 2 3 4 5 6 7 8 --joblog j --output out --resume").text
        #expect(project.read("out") == (1...8).map { "\($0)\n" }.joined())
        #expect(project.read("ran").split(separator: "\n").count == 8)
    }

    @Test func `its time limit withdraws, too`() throws {
        let project = try project()
        // Time enough to read the input: it runs while the database would be made. With -q nothing is said of the worker that is missing.
        _ = try project.run("celery syncdb").text
        try project.expect("seq 5 | celery dmap demo.tasks.item --timeout 3 -q", Ended(
            errors: "celery dmap: timed out; 5 of 5 items are not done\n", status: 124))
        #expect(try isEmpty(project))
    }

    @Test func `refuses a file of results that does not fit the log, and a log in use`() throws {
        let project = try project()
        _ = try project.run("celery dmap demo.tasks.item 1 2 --joblog j --output out -j 1").text
        try project.write("1\n", to: "out")
        try project.expect("celery dmap demo.tasks.item 1 2 3 --joblog j --output out --resume -j 1", Ended(
            errors: "celery dmap: out has 2 bytes, but the job log tells of 4\nhint: put the file back in its place, or begin anew without --resume\n",
            status: 65))
        let mapping = try project.start("exec celery dmap demo.tasks.item 9 --joblog k -j 1")
        #expect(eventually { project.read("k") != "" })
        try project.expect("celery dmap demo.tasks.item 9 --joblog k -j 1", Ended(
            errors: "celery dmap: job log k is in use by another dmap\n", status: 75))
        try project.write("", to: "go")
        #expect(try mapping.wait() == Ended("9\n"))
    }
}
