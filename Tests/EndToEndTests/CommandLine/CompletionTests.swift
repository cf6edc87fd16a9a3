import Fixtures
import Testing

/// Completion in real shells, with the real table and the real program.
@Suite(.blocking) struct CompletionTests {
    /// Expects what a shell offers for a line, in the end: the program gives up after three seconds, and then offers nothing.
    private func expect(
        _ candidates: [String], for line: String, _ shell: InteractiveShell, _ project: Project,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var offered: [String] = []
        let isRight = try eventually {
            offered = try shell.complete(line, in: project)
            return offered == candidates
        }
        #expect(isRight, "\(line): \(offered)", sourceLocation: sourceLocation)
    }

    @Test(arguments: InteractiveShell.allCases)
    func `completes commands, options and what only the program knows`(_ shell: InteractiveShell) throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add -Q images")
        let tasks = ["demo.tasks.add", "demo.tasks.flaky", "demo.tasks.shout", "demo.tasks.square"]
        let commands = [
            "apply", "beat", "broker", "celeryd", "completion", "control", "dead", "dmap", "doctor", "events", "explain", "help", "inspect", "list", "logs", "purge",
            "queues", "rabbit-setup", "result", "retry", "revoke", "run", "self", "startproject", "stats", "status", "syncdb", "tasks", "taskset",
            "version", "web",
        ]
        for (line, candidates) in [
            ("celery ", commands), ("celery st", ["startproject", "stats", "status"]), ("celery apply --cou", ["--countdown"]),
            ("celery celeryd --det", ["--detach"]), ("celery dmap --no-b", ["--no-bar"]), ("celery help ce", ["celeryd"]),
            ("celery completion f", ["fish"]), ("celery apply d", tasks),
            ("celery dmap demo.tasks.s", ["demo.tasks.shout", "demo.tasks.square"]), ("celery apply --link demo.tasks.a", ["demo.tasks.add"]),
            ("celery apply -Q im", ["images"]), ("celery purge --queues ", ["celery", "images"]), ("celery status ", [id]), ("celery purge --queues images,", ["images,celery"]), ("celery inspect --destination ", []), ("celery beat ne", ["next"]), ("celery beat pause cel", ["celery.backend_cleanup"]),
        ] {
            try expect(candidates, for: line, shell, project)
        }
    }

    @Test(arguments: InteractiveShell.allCases) func `completes the ids of what runs`(_ shell: InteractiveShell) throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.startWorker()
        _ = try project.apply("demo.tasks.wait --task-id slow-one")
        #expect(try eventually { try project.state(of: "slow-one") == "STARTED" })
        try expect(["slow-one"], for: "celery status sl", shell, project)
        try expect(["slow-one"], for: "celery result ", shell, project)
    }

    @Test(arguments: InteractiveShell.allCases)
    func `completes ids of results and of dead letters, workers and periodic tasks`(_ shell: InteractiveShell) throws {
        let project = try Project()
        try project.startWorker("-n one@here")
        for name in ["old-one", "old-two"] { _ = try project.run("celery apply demo.tasks.add 1 2 --task-id \(name) --wait").text }
        _ = try project.run("celery apply demo.tasks.nosuch --task-id dead-one")
        #expect(try eventually { try project.run("celery dead list").lines.count == 1 })
        for (line, candidates) in [
            ("celery result old-", ["old-one", "old-two"]), ("celery explain old-t", ["old-two"]), ("celery dead show ", ["dead-one"]),
            ("celery dead replay dead-", ["dead-one"]), ("celery inspect -d ", ["one@here"]), ("celery control --destination one", ["one@here"]),
            ("celery inspect -d one@here,", []), ("celery beat run celery.", ["celery.backend_cleanup"]), ("celery queues pause c", ["celery"]),
        ] {
            try expect(candidates, for: line, shell, project)
        }
    }

    @Test func `lists recent ids first, a limited number of them, and older ones by their first characters`() throws {
        let project = try Project()
        _ = try project.apply("demo.tasks.add")
        _ = try project.run("""
            sqlite3 celery.db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO result (id, state, attempt, document) SELECT printf('id-%06d', i), 'SUCCESS', 1, '{}' FROM n"
            """).text
        var recent: [String] = []
        let isListed = try eventually {
            recent = try project.run("celery __complete ids").lines
            return recent.count == 101
        }
        try #require(isListed, "\(recent)")
        #expect(Array(recent[1...2]) == ["id-100000", "id-099999"])
        #expect(try eventually { try project.run("celery __complete ids id-00004").lines == (0...9).reversed().map { "id-00004\($0)" } })
        #expect(try eventually { try project.run("celery __complete ids nobody") == Ended() })
    }

    @Test func `lists the workers of a server, and nothing when the server is away`() throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker("-n one@here", with: place.variables())
        // The worker has less than half a second to answer.
        #expect(try eventually { try place.run("celery __complete workers").lines == ["one@here"] })
        try place.project.stopWorker()
        let away = try place.project.run("celery __complete workers", with: place.variables("amqp://localhost:1/"))
        #expect(away.output == "" && away.status != 0)
    }

    @Test func `gives up when a server does not answer`() throws {
        let project = try Project()
        let silent = try FakeServer()
        let variables = ["CELERY_BROKER_URL": "amqp://127.0.0.1:\(silent.port)/", "CELERY_AMQP_CONNECTION_TIMEOUT": "600"]
        let ended = try project.run("celery __complete workers", with: variables)
        // Whichever limit is over first, that of asking workers or that of the whole command.
        #expect(ended.output == "" && ended.errors == "" && [0, 124].contains(ended.status), "\(ended)")
        // Until here it listens.
        withExtendedLifetime(silent) {}
    }

    @Test(arguments: InteractiveShell.allCases) func `creates no database, and is silent where there is no project`(_ shell: InteractiveShell) throws {
        let project = try Project()
        try expect(["demo.tasks.add"], for: "celery apply demo.tasks.a", shell, project)
        #expect(!project.exists("celery.db"))
        _ = try project.run("echo 'NONSENSE = 1' >celery.toml").text
        let candidates = try shell.complete("celery apply demo", in: project)
        #expect(candidates == [])
    }
}
