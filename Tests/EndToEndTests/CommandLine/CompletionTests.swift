import Fixtures
import Testing

/// Completion in real shells, with the real table and the real program.
@Suite(.blocking) struct CompletionTests {
    @Test(arguments: InteractiveShell.allCases)
    func `completes commands, options and what only the program knows`(_ shell: InteractiveShell) throws {
        let project = try Project()
        _ = try project.apply("demo.tasks.add -Q images")
        let tasks = ["demo.tasks.add", "demo.tasks.flaky", "demo.tasks.shout", "demo.tasks.square"]
        let commands = [
            "apply", "beat", "celeryd", "completion", "control", "dead", "dmap", "events", "explain", "help", "inspect", "purge", "queues",
            "rabbit-setup", "result", "revoke", "run", "startproject", "stats", "status", "syncdb", "tasks", "version",
        ]
        for (line, candidates) in [
            ("celery ", commands), ("celery st", ["startproject", "stats", "status"]), ("celery apply --cou", ["--countdown"]),
            ("celery celeryd --det", ["--detach"]), ("celery dmap --no-b", ["--no-bar"]), ("celery help ce", ["celeryd"]),
            ("celery completion f", ["fish"]), ("celery apply d", tasks),
            ("celery dmap demo.tasks.s", ["demo.tasks.shout", "demo.tasks.square"]), ("celery apply --link demo.tasks.a", ["demo.tasks.add"]),
            ("celery apply -Q im", ["images"]), ("celery purge --queues ", ["celery", "images"]), ("celery status ", []), ("celery beat ne", ["next"]), ("celery beat pause cel", ["celery.backend_cleanup"]),
        ] {
            #expect(try shell.complete(line, in: project) == candidates, "\(line)")
        }
    }

    @Test(arguments: InteractiveShell.allCases) func `completes the ids of what runs`(_ shell: InteractiveShell) throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.startWorker()
        _ = try project.apply("demo.tasks.wait --task-id slow-one")
        #expect(try eventually { try project.state(of: "slow-one") == "STARTED" })
        #expect(try shell.complete("celery status sl", in: project) == ["slow-one"])
        #expect(try shell.complete("celery result ", in: project) == ["slow-one"])
    }

    @Test(arguments: InteractiveShell.allCases) func `creates no database, and is silent where there is no project`(_ shell: InteractiveShell) throws {
        let project = try Project()
        #expect(try shell.complete("celery apply demo.tasks.a", in: project) == ["demo.tasks.add"])
        #expect(!project.exists("celery.db"))
        _ = try project.run("echo 'NONSENSE = 1' >celery.toml").text
        let candidates = try shell.complete("celery apply demo", in: project)
        #expect(candidates == [])
    }
}
