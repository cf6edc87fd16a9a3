import Fixtures
import Glibc
import Testing

/// A worker that was stopped for so long that it was taken for dead, and goes on.
@Suite(.blocking) struct FenceTests {
    /// The first attempt ends at once when the file `late` is there, the second when `go` is.
    private static let program = """
        #!/bin/sh
        echo "$CELERY_ATTEMPT" >>begun
        if [ "$CELERY_ATTEMPT" = 1 ]; then gate=late; else gate=go; fi
        until [ -e $gate ]; do sleep 0.02; done
        echo "attempt $CELERY_ATTEMPT"
        """

    /// - Parameter store: The scheme of a store other than the broker's file, if any.
    @Test(arguments: [nil, "sqlite", "db+sqlite"])
    func `its result, its acknowledgement and its kill come to nothing`(_ store: String?) throws {
        let project = try Project()
        try project.task("wait.sh", Self.program)
        // Python's URLs of databases have one slash more before a whole path.
        let backend = store.map { "CELERY_RESULT_BACKEND = \"\($0)://\($0 == "sqlite" ? "" : "/")\(project.path)/results.db\"\n" } ?? ""
        try project.write("INSTALLED_APPS = [\"demo\"]\nCELERYD_LEASE = 2\n\(backend)", to: "celery.toml")
        try project.startWorker("-c1 -n one@%h")
        let id = try project.apply("demo.tasks.wait")
        #expect(eventually { project.read("begun") == "1\n" })
        let stopped = try project.workerID
        try project.haltWorker(stopped)
        // With a long lease, or after a pause of both the first could take the second for dead.
        _ = try project.run("celery celeryd --detach -p w2.pid -f w2.log -c1 -n two@%h", with: ["CELERYD_LEASE": "60"]).text
        #expect(eventually { project.read("begun") == "1\n2\n" }, "\(project.read("w2.log"))")
        #expect(project.read("w2.log").contains("is gone; took over 1 task"))

        // Its child, which was not stopped, ends the first attempt while the second runs.
        try project.write("", to: "late")
        kill(stopped, SIGCONT)
        #expect(eventually { project.log.contains("attempt 1 came too late; another attempt owns the task") }, "\(project.log)")
        #expect(try project.state(of: id) == "STARTED")
        #expect(try project.run("celery result \(id)").status == 75)
        // Told to stop now, it kills nobody but its own.
        kill(stopped, SIGQUIT)
        #expect(eventually { kill(stopped, 0) != 0 })
        #expect(try project.state(of: id) == "STARTED")
        try project.write("", to: "go")
        try project.expect("celery result --wait --timeout 20 \(id)", Ended("attempt 2\n"))
        #expect(project.read("begun") == "1\n2\n")
        _ = try project.run("celery celeryd --stop -p w2.pid").text
        try project.expect("celery dead list", Ended())
    }
}
