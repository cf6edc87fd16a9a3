import Fixtures
import Testing

/// `celery apply`: what is sent, and what is refused.
@Suite(.blocking) struct ApplyTests {
    private static let echo = """
        #!/bin/sh
        for word in "$@"; do printf '<%s>' "$word"; done

        """

    /// What a program gets as its arguments.
    @Test(arguments: [
        ("1 true null x '\"y z\"' '[1, 2]' '{\"a\": 1.50}'", "<1><true><null><x><y z><[1,2]><{\"a\":1.50}>"),
        ("--raw 1 '\"y\"' a=b", "<1><\"y\"><a=b>"),
        ("size=200 name='a b' flag=true 7", "<7><--size><200><--name><a b><--flag><true>"),
        ("--args '[\"p\", 3]' --kwargs '{\"k\": \"v w\"}'", "<p><3><--k><v w>"),
        ("-- --wait -5 x=--y", "<--wait><-5><--x><--y>"),
        ("''", "<>"),
        ("01 1.0 NaN 12345678901234567890123", "<01><1.0><NaN><12345678901234567890123>"),
        ("'two\nlines' 'ünï'", "<two\nlines><ünï>"),
        ("1.10 12e5 1E-3 x=0.50 100.00 -- -0 -1.0", "<1.10><12e5><1E-3><100.00><-0><-1.0><--x><0.50>"),
    ])
    func `passes arguments on`(_ words: String, _ seen: String) throws {
        let project = try Project()
        try project.task("echo.sh", Self.echo)
        try project.startWorker()
        let options = words.hasPrefix("-- ") ? "--wait demo.tasks.echo \(words)" : "demo.tasks.echo --wait \(words)"
        try project.expect("celery apply \(options)", Ended(seen + "\n"))
    }

    @Test func `prints the id once the message is on disk`() throws {
        let project = try Project()
        let ended = try project.run("celery apply demo.tasks.add 2 3")
        #expect(ended.masked == Ended("ID\n"))
        let id = ended.line(0)
        try project.expect("celery status \(id)", Ended("\(id)\tPENDING\n", status: 75))
        #expect(try project.run("sqlite3 celery.db \"SELECT id, task FROM message\"").output == "\(id)|demo.tasks.add\n")
    }

    @Test func `prints an object with --json`() throws {
        let project = try Project()
        try project.expect(
            "celery apply demo.tasks.add 2 3 --json",
            masked: Ended("{\"id\":\"ID\",\"task\":\"demo.tasks.add\",\"new\":true}\n"))
    }

    @Test func `passes on what the program said, and its status`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho result; echo trouble >&2; exit 3\n")
        try project.startWorker()
        try project.expect(
            "celery apply demo.tasks.fail --wait",
            Ended(errors: "trouble\nresult\nCalledProcessError: demo.tasks.fail returned exit status 3\n", status: 3))
    }

    @Test func `gives up waiting, while the task goes on`() throws {
        let project = try Project()
        let ended = try project.run("celery apply demo.tasks.add --task-id t1 --wait --timeout 0.2")
        #expect(ended == Ended(
            errors: "celery apply: timed out waiting for t1\nhint: the task is not revoked; get its result with celery result --wait t1\n",
            status: 124))
        #expect(try project.state(of: "t1") == "PENDING")
    }

    @Test func `warns of a task nobody knows, and refuses it when told to`() throws {
        let project = try Project()
        let text = "neither this project nor a worker knows task 'demo.tasks.ad'; did you mean 'demo.tasks.add'?\n"
        try project.expect("celery apply demo.tasks.ad 1", masked: Ended("ID\n", errors: "celery apply: warning: " + text))
        try project.expect("celery apply demo.tasks.ad 1 -q", masked: Ended("ID\n"))
        try project.expect("celery apply demo.tasks.ad 1 --strict", Ended(errors: "celery apply: " + text, status: 127))
        #expect(try project.run("celery queues --json").output.contains("\"ready\":2"))
    }

    @Test func `says that a file needs its run bit, as celery tasks does`() throws {
        let project = try Project()
        try project.write("#!/bin/sh\n", to: "demo/tasks/late.sh")
        let text = "demo/tasks/late.sh: is not executable; chmod +x demo/tasks/late.sh\n"
        #expect(try project.run("celery tasks").errors == "celery tasks: " + text)
        try project.expect("celery apply demo.tasks.late", masked: Ended("ID\n", errors: "celery apply: warning: " + text))
        try project.expect(
            "celery apply demo.tasks.late --strict", Ended(errors: "celery apply: cannot submit task 'demo.tasks.late': " + text, status: 127))
        try project.write("#!/bin/sh\n# celery: qeue=x\n", to: "demo/tasks/odd.sh", mode: "755")
        #expect(try project.run("celery dmap demo.tasks.odd 1 --timeout 0.1").errors.hasPrefix(
            "celery dmap: warning: demo/tasks/odd.sh:2: unknown option 'qeue'; did you mean 'queue'?\n"))
    }

    @Test func `says that there is no project where there is none`() throws {
        let project = try Project()
        let ended = try project.run("celery apply demo.tasks.ad --broker sqlite:///\(project.folder)/x.db --strict", in: project.folder)
        #expect(ended == Ended(errors: "celery apply: no worker knows task 'demo.tasks.ad'\n", status: 127))
    }

    @Test func `submits at most once for a key`() throws {
        let project = try Project()
        let first = try project.apply("demo.tasks.add 1 --key nightly")
        try project.expect("celery apply demo.tasks.add 1 --key nightly", Ended("\(first)\n"))
        try project.expect(
            "celery apply demo.tasks.add 1 --key nightly --json",
            Ended("{\"id\":\"\(first)\",\"task\":\"demo.tasks.add\",\"new\":false}\n"))
        #expect(try project.apply("demo.tasks.add 1 --key other") != first)
        let brief = try project.apply("demo.tasks.add 1 --key brief --key-ttl 0.01")
        #expect(try eventually { try project.apply("demo.tasks.add 1 --key brief --key-ttl 0.01") != brief })
    }

    @Test(arguments: [
        ("", "apply needs a TASK"),
        ("''", "the name of the task is empty"),
        ("x --countdown 1 --eta 06:00", "--countdown and --eta exclude each other"),
        ("x --countdown soon", "'soon' is not a duration (for --countdown); write seconds, or 90s, 10m, 2h, 1d"),
        ("x --eta 25:00", "'25:00' is not a time (for --eta); write 2030-01-31T06:00, 06:00 or 'tomorrow 06:00'"),
        ("x --expires never", "'never' is neither a duration nor a time (for --expires); write 90s, 10m, or 2030-01-31T06:00"),
        ("x --priority 256", "'256' is more than 255 (for --priority)"),
        ("x --exchange e", "--exchange needs --routing-key"),
        ("x --header novalue", "'novalue' is not K=V (for --header)"),
        ("x --args '[1'", "'[1' is not JSON: unexpected end at byte 2 (for --args)"),
        ("x --args '{}'", "'{}' is not a JSON array (for --args)"),
        ("x --kwargs '[]'", "'[]' is not a JSON object (for --kwargs)"),
        ("x 1 --args '[2]'", "arguments are given both as operands and by --args"),
        ("x a=1 --kwargs '{}'", "keyword arguments are given both as operands and by --kwargs"),
        ("x a=1 a=2", "argument 'a' is given twice"),
        ("x --skip-bad", "--skip-bad goes with --batch"),
        ("x --key-ttl 5", "--key-ttl goes with --key"),
        ("x --task-id 'a b'", "'a b' is not a task id (for --task-id); use up to 155 letters, digits and signs, no spaces"),
        ("x --soft-time-limit 9 --time-limit 3", "--soft-time-limit is longer than --time-limit"),
        ("x --quue q", "unknown option '--quue'; did you mean '--queue'?"),
    ])
    func `refuses`(_ words: String, _ message: String) throws {
        let project = try Project()
        try project.expect("celery apply \(words)", Ended(errors: "celery apply: \(message)\n", status: 64))
    }

    @Test func `refuses an id that is taken`() throws {
        let project = try Project()
        #expect(try project.apply("demo.tasks.add --task-id once") == "once")
        let ended = try project.run("celery apply demo.tasks.add --task-id once")
        #expect(ended.status != 0)
        #expect(ended.errors.contains("once"))
    }
}
