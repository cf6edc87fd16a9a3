import Fixtures
import Testing

/// Arguments that are hard to pass, and programs that cannot be run.
@Suite(.blocking) struct OddInputTests {
    @Test func `a NUL byte in an argument is a failure that says so`() throws {
        let project = try Project()
        try project.startWorker()
        let ended = try project.run(#"celery apply demo.tasks.add --args '["a\u0000b"]' --wait"#)
        #expect(ended.status == 1)
        #expect(ended.errors.hasPrefix("OSError: "))
        #expect(ended.errors.contains("NUL byte"))
        try project.expect("celery apply demo.tasks.add 1 -w", Ended("1\n"))
    }

    @Test func `an argument of 50 MB passes through a batch`() throws {
        let project = try Project()
        try project.task("size.py", """
            #!/usr/bin/env python3
            import json, sys
            print(len(json.load(sys.stdin)["kwargs"]["text"]))

            """)
        let ended = try project.run(#"""
            python3 -c 'import json; print(json.dumps({"task": "demo.tasks.size", "kwargs": {"text": "x" * 52428800}}))' |
            celery apply --batch -
            """#)
        #expect(ended.masked == Ended("ID\n"))
        try project.startWorker()
        // It is too long for a command line: the failure says so.
        let result = try project.run("celery result --wait \(ended.line(0))")
        #expect(result.status == 1)
        #expect(result.errors.contains("argument 2 is 52428800 bytes long, and the limit is 131071"))
        try project.expect("celery apply demo.tasks.add 1 -w", Ended("1\n"))
    }

    @Test func `an output that is too large is a failure that says so`() throws {
        let project = try Project()
        try project.task("big.sh", "#!/bin/sh\n# celery: max_output=1k\nhead -c 2000 /dev/zero\n")
        try project.startWorker()
        try project.expect("celery apply demo.tasks.big -w", Ended(
            errors: String(repeating: "\0", count: 1024) + "\nOutputTooLarge: wrote more than 1024 bytes to stdout; raise max_output, or write to a file\n", status: 1))
    }

    @Test func `a program that floods stderr is logged within bounds`() throws {
        let project = try Project()
        try project.task("flood.sh", "#!/bin/sh\nyes line | head -c 3000000 >&2\necho end >&2\necho done\n")
        try project.startWorker()
        let ended = try project.run("celery apply demo.tasks.flood -w")
        #expect(ended.output == "done\n")
        #expect(ended.errors.hasSuffix("line\nend\n"))
        #expect(ended.errors.utf8.count <= 8_192)
        #expect(eventually { project.log.contains("more bytes of stderr are not shown") })
    }

    @Test(arguments: [
        ("#!/no/such/interpreter\n", "OSError: 2, cannot run PATH: interpreter '/no/such/interpreter' not found\n"),
        ("#!/bin/sh\r\necho 1\r\n", "OSError: 2, cannot run PATH: interpreter '/bin/sh' not found: the '#!' line ends in a carriage return\n"),
        ("echo no interpreter\n", "OSError: 8, cannot run PATH: "),
    ])
    func `a program that cannot be started is a failure that says why`(_ text: String, _ start: String) throws {
        let project = try Project()
        try project.task("odd.sh", text)
        try project.startWorker()
        let ended = try project.run("celery apply demo.tasks.odd --wait")
        #expect(ended.status == 1)
        #expect(ended.errors.hasPrefix(start.replacing("PATH", with: "\(project.path)/demo/tasks/odd.sh")), "\(ended.errors)")
    }

    @Test func `a program that was deleted is no task any more`() throws {
        let project = try Project()
        try project.startWorker()
        _ = try project.run("rm demo/tasks/add.sh").text
        let ended = try project.run("celery apply demo.tasks.add 1 -q --wait")
        #expect(ended == Ended(errors: "NotRegistered: demo.tasks.add\n", status: 127))
        #expect(project.log.contains("Task removed: demo.tasks.add (demo/tasks/add.sh)"))
    }

    @Test func `what a task leaves running is ended with it`() throws {
        let project = try Project()
        // It has left the task's process group for certain when the task ends.
        try project.task("leave.sh", """
            #!/bin/sh
            setsid sh -c 'echo $$ >left; exec sleep 600' >/dev/null 2>&1 &
            until [ -s left ]; do sleep 0.02; done
            cat left

            """)
        try project.startWorker()
        let left = try project.run("celery apply demo.tasks.leave --wait").text
        #expect(try project.run("kill -0 \(left)").status == 1)
        #expect(project.log.contains("killed 1 process the task left behind"))
    }
}
