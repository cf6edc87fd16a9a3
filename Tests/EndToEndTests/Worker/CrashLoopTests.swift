import CeleryCore
import Fixtures
import Glibc
import Testing

/// Tasks that take their worker with them: after three times it is over, and nobody else suffers for it.
@Suite(.blocking) struct CrashLoopTests {
    /// The worker is the parent of the pool child, which is the parent of the program.
    private static let killer = """
        #!/bin/sh
        echo "$CELERY_ATTEMPT" >>attempts
        kill -9 "$(cut -d' ' -f4 /proc/$PPID/stat)"
        sleep 60
        """

    /// Runs workers one after the other until one ends by itself. Returns how many were killed.
    private func runWorkers(_ project: Project, _ options: String, with variables: [String: String] = [:]) throws -> Int {
        for killed in 0..<12 {
            let ended = try project.run("celery celeryd --burst -c1 -f w.log \(options)", with: variables)
            if ended.status == 0 { return killed }
            #expect(ended.status == 128 + SIGKILL, "\(ended)")
        }
        return 12
    }

    @Test func `a task that kills its worker is given up after three times, and innocents run`() throws {
        let project = try Project()
        try project.task("killer.sh", Self.killer)
        let before = try project.apply("demo.tasks.add 1")
        let guilty = try project.apply("demo.tasks.killer")
        // They stand behind it in the line of the only child.
        let innocents = try (0..<8).map { try project.apply("demo.tasks.add \($0)") }
        #expect(try runWorkers(project, "--prefetch 30") == 3, "\(project.log)")
        #expect(project.read("attempts").split(separator: "\n").count == 3)
        for id in [before] + innocents { #expect(try project.state(of: id) == "SUCCESS") }
        let result = try project.run("celery result \(guilty)")
        #expect(result.status == 126)
        #expect(result.errors == "WorkerLostError: the process running it was lost 3 times\n")
        let letters = try project.run("celery dead list --json").lines.map { try JSON(parsing: $0) }
        #expect(letters.map { $0["id"]?.stringValue } == [guilty])
        #expect(letters.first?["reason"]?.stringValue == "lost")
        #expect(letters.first?["crashes"]?.intValue == 3)
        // The records of the dead went with them.
        #expect(try project.run("ls celery.db-flight-* 2>/dev/null").output == "")

        // Mended, and sent again: it is as new.
        try project.task("killer.sh", "#!/bin/sh\necho \"attempt $CELERY_ATTEMPT retries $CELERY_TASK_RETRIES\"\n")
        try project.expect("celery dead replay \(guilty)", Ended(guilty + "\n"))
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        try project.expect("celery result \(guilty)", Ended("attempt 5 retries 0\n"))
        try project.expect("celery dead list", Ended())
    }

    @Test func `when everything is killed at once, what ran is known`() throws {
        let project = try Project()
        try project.task("slow.sh", "#!/bin/sh\necho $$ >>begun\nsleep 60\n")
        let guilty = try project.apply("demo.tasks.slow")
        let waiting = try project.apply("demo.tasks.add 7")
        for round in 1...3 {
            try project.startWorker("-c1 --prefetch 10")
            #expect(eventually { project.read("begun").split(separator: "\n").count == round })
            let worker = try project.workerID
            Leftovers.kill(of: project.folder)
            #expect(eventually { kill(worker, 0) != 0 })
        }
        #expect(try project.run("celery celeryd --burst -c1 -q").status == 0)
        try project.expect("celery result \(waiting)", Ended("7\n"))
        #expect(try project.run("celery dead list").lines.map { $0.split(separator: "\t").map(String.init)[..<4] } == [[guilty, "demo.tasks.slow", "celery", "lost"]])
    }

    /// Waits until the result store knows that this try has begun. A classic queue counts no further than the second try, so it is
    /// known by the crashes before it.
    private static let isKnown = #"""
        until [ "$(sqlite3 -readonly celery.db "SELECT coalesce(json_extract(CAST(document AS TEXT), '\$.crashes'), 0) FROM result
            WHERE id = '$CELERY_TASK_ID' AND state = 'STARTED'")" = $(($(wc -l <attempts) - 1)) ]; do sleep 0.1; done
        """#

    @Test func `on RabbitMQ a task that ran for a moment is known by its STARTED`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("killer.sh", Self.killer.replacing("kill -9", with: Self.isKnown + "\nkill -9"))
        let guilty = try place.run("celery apply demo.tasks.killer").text
        let innocents = try (0..<5).map { try place.run("celery apply demo.tasks.add \($0)").text }
        // A classic queue knows only that a message was delivered before.
        #expect(try runWorkers(project, "--prefetch 30", with: place.variables()) == 3, "\(project.log)")
        for id in innocents { #expect(try place.run("celery status \(id)").output.hasSuffix("\tSUCCESS\n")) }
        let letters = try place.run("celery dead list --json").lines.map { try JSON(parsing: $0) }
        #expect(letters.map { $0["id"]?.stringValue } == [guilty])
        #expect(letters.first?["crashes"]?.intValue == 3)
    }
}
