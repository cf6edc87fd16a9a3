import Fixtures
import Testing

/// Task files that change while a worker runs, as a shell user changes them.
@Suite(.blocking) struct TaskFilesTests {
    /// Writes task files and submits them at once, many times.
    private static let rush = """
        for i in $(seq 15); do
            echo '#!/bin/sh' >demo/tasks/new$i.sh; echo "echo is $i" >>demo/tasks/new$i.sh; chmod +x demo/tasks/new$i.sh; celery apply -q demo.tasks.new$i >>ids
        done
        celery status --wait --timeout 60 $(cat ids) >/dev/null; celery result $(cat ids)
        """

    private static var rushed: Ended { Ended((1...15).map { "is \($0)\n" }.joined()) }

    @Test func `a file made, allowed to run and submitted in one line runs`() throws {
        let project = try Project()
        try project.startWorker()
        try project.expect(Self.rush, Self.rushed)
        #expect(!project.log.contains("not run"))
        #expect(try project.run("celery dead list") == Ended())
        #expect(project.log.contains("Task added: demo.tasks.new1 (demo/tasks/new1.sh)"))
        try project.stopWorker()
    }

    @Test func `the same with a server`() throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker(with: place.variables())
        #expect(try place.run(Self.rush) == Self.rushed)
        #expect(!place.project.log.contains("not run"))
        try place.project.stopWorker()
    }

    @Test func `messages sent while their task is edited, moved and made again all run`() throws {
        let project = try Project()
        // A shell that finds its script gone, a moment after it was started, exits with 2.
        try project.task("busy.sh", "#!/bin/sh\n# celery: autoretry=2 retry_delay=0 max_retries=9\necho done\n")
        try project.startWorker()
        let edits = """
            cp demo/tasks/busy.sh keep
            for i in 1 2 3 4 5 6; do
                echo "# edit $i" >>demo/tasks/busy.sh; sleep 0.2
                sed -i "s/edit $i/edited $i/" demo/tasks/busy.sh; sleep 0.3
                rm demo/tasks/busy.sh; sleep 0.5; cp -p keep demo/tasks/busy.sh
                mv demo/tasks demo/away; sleep 0.2; mv demo/away demo/tasks; chmod -x demo/tasks/busy.sh; sleep 0.1; chmod +x demo/tasks/busy.sh
            done; touch edited
            """
        let editing = try project.start(edits)
        let ids = try project.run("until [ -e edited ]; do celery apply -q demo.tasks.busy; sleep 0.02; done").lines
        _ = try editing.wait()
        #expect(ids.count > 20)
        try project.write(ids.joined(separator: "\n"), to: "ids")
        let states = try project.run("celery status --wait --timeout 60 $(cat ids) | grep -v SUCCESS")
        #expect(states.output == "", "\(project.log.split(separator: "\n").filter { !$0.contains(": INFO/") }.joined(separator: "\n"))")
        #expect(try project.run("celery dead list") == Ended())
        try project.stopWorker()
    }

    @Test func `what a worker knows is what the files say`() throws {
        let project = try Project()
        try project.startWorker()
        _ = try project.run("rm demo/tasks/flaky*; echo '#!/bin/sh' >demo/tasks/fresh; chmod +x demo/tasks/fresh").text
        #expect(try eventually { try project.run("celery tasks --remote").output.contains("demo.tasks.fresh") })
        #expect(try eventually { try !project.run("celery tasks --remote").output.contains("demo.tasks.flaky") })
        let registered = try project.run("celery inspect registered -t 60").output
        #expect(registered.contains("demo.tasks.fresh") && !registered.contains("demo.tasks.flaky"))
        try project.write("#!/bin/sh\n# celery: rate_limit=7/m\n", to: "demo/tasks/fresh", mode: "755")
        #expect(try eventually { try project.run("celery inspect registered").output.contains("demo.tasks.fresh [rate_limit=7/m]") })
        try project.stopWorker()
    }
}
