import Testing

/// `celery apply --batch`.
@Suite(.blocking) struct BatchTests {
    private static let lines = """
        {"task": "demo.tasks.add", "args": [1, 2]}

        {"task": "demo.tasks.shout", "kwargs": {"text": "a"}, "id": "mine", "queue": "q", "priority": 3}
        {"task": "demo.tasks.add", "args": [3], "countdown": "1h", "headers": {"h": 1}, "max_retries": 0}

        """

    @Test func `prints an id a line, in order`() throws {
        let project = try Project()
        let ended = try project.run("celery apply --batch -", input: Self.lines)
        #expect(ended.masked == Ended("ID\nmine\nID\n"))
        #expect(try project.run("celery status -l \(ended.lines.joined(separator: " "))").output.split(separator: "\n").map {
            $0.split(separator: "\t").dropFirst(2).first
        } == ["task=demo.tasks.add", "task=demo.tasks.shout", "task=demo.tasks.add"])
        #expect(try project.run("celery queues").output == """
            queue\tready\tscheduled\trunning\tconsumers
            celery\t1\t1\t0\t0
            q\t1\t0\t0\t0

            """)
    }

    @Test func `reads a file, and a last line without a newline`() throws {
        let project = try Project()
        try project.write("{\"task\":\"demo.tasks.add\"}\r\n{\"task\":\"demo.tasks.add\"}", to: "jobs.ndjson")
        try project.expect("celery apply --batch jobs.ndjson --json", masked: Ended("""
            {"id":"ID","task":"demo.tasks.add","new":true,"line":1}
            {"id":"ID","task":"demo.tasks.add","new":true,"line":2}

            """))
    }

    @Test func `takes the options of the command line where a line has none`() throws {
        let project = try Project()
        _ = try project.run(
            "celery apply --batch - --queue bulk", input: "{\"task\":\"demo.tasks.add\"}\n{\"task\":\"demo.tasks.add\",\"queue\":\"own\"}\n"
        ).text
        #expect(try project.run("celery queues").output.hasSuffix("bulk\t1\t0\t0\t0\nown\t1\t0\t0\t0\n"))
    }

    private static let bad = """
        {"task": "demo.tasks.add"}
        not json
        [1]
        {"args": [1]}
        {"task": "demo.tasks.add", "args": 1}
        {"task": "demo.tasks.add", "kwargs": []}
        {"task": "demo.tasks.add", "priority": 1000}
        {"task": "demo.tasks.add", "quue": "q"}
        {"task": "demo.tasks.add", "eta": "whenever"}
        {"task": "demo.tasks.add"}

        """

    private static let complaints = """
        celery apply: stdin, line 2: not JSON: unexpected character at byte 0
        celery apply: stdin, line 3: not a JSON object
        celery apply: stdin, line 4: 'task' must be the name of a task
        celery apply: stdin, line 5: 'args' must be an array
        celery apply: stdin, line 6: 'kwargs' must be an object
        celery apply: stdin, line 7: 'priority': '1000' is more than 255
        celery apply: stdin, line 8: unknown key 'quue'; did you mean 'queue'?
        celery apply: stdin, line 9: 'eta': 'whenever' is not a time

        """

    @Test func `names bad lines and sends nothing`() throws {
        let project = try Project()
        try project.expect(
            "celery apply --batch -", input: Self.bad,
            Ended(errors: Self.complaints + "hint: nothing was sent; correct the lines, or use --skip-bad\n", status: 65))
        try project.expect("celery queues", Ended())
    }

    @Test func `sends the good lines with --skip-bad`() throws {
        let project = try Project()
        let ended = try project.run("celery apply --batch - --skip-bad", input: Self.bad)
        #expect(ended.masked == Ended("ID\nID\n", errors: Self.complaints, status: 65))
    }

    @Test func `warns once of each unknown task, and refuses all with --strict`() throws {
        let project = try Project()
        let lines = "{\"task\":\"demo.tasks.ad\"}\n{\"task\":\"demo.tasks.ad\"}\n"
        let text = "neither this project nor a worker knows task 'demo.tasks.ad'; did you mean 'demo.tasks.add'?\n"
        try project.expect(
            "celery apply --batch -", input: lines,
            masked: Ended("ID\nID\n", errors: "celery apply: warning: \(text)"))
        try project.expect("celery apply --batch - --strict", input: lines, Ended(errors: "celery apply: \(text)", status: 127))
    }

    @Test(arguments: [
        ("--batch - demo.tasks.add", "celery apply: --batch takes no TASK\n", Int32(64)),
        ("--batch - --wait", "celery apply: --batch cannot be combined with --wait\n", 64),
        ("--batch - --link demo.tasks.add", "celery apply: --batch cannot be combined with --link\n", 64),
        ("--batch - --task-id a", "celery apply: --batch cannot be combined with --task-id\n", 64),
        ("--batch - --args [1]", "celery apply: --batch cannot be combined with --args\n", 64),
        ("--batch - --key-ttl 5", "celery apply: --batch cannot be combined with --key-ttl\n", 64),
        ("--batch missing.ndjson", "celery apply: cannot read missing.ndjson: no such file or directory\n", 65),
        ("--batch .", "celery apply: cannot read .: is a directory\n", 65),
    ])
    func `refuses`(_ options: String, _ errors: String, _ status: Int32) throws {
        let project = try Project()
        try project.expect("celery apply \(options)", Ended(errors: errors, status: status))
    }

    @Test func `names the line whose id is in use, and sends nothing`() throws {
        let project = try Project()
        try project.expect("celery apply --task-id t3 demo.tasks.add", Ended("t3\n"))
        let input = (1...5).map { "{\"task\": \"demo.tasks.add\", \"id\": \"t\($0)\"}\n" }.joined()
        try project.expect("celery apply --batch -", input: input, Ended(
            errors: """
                celery apply: stdin, line 3: task id t3 is already in use: it waits or runs; not sent: lines 1-5
                hint: correct the line and send the remaining lines, or use --skip-bad

                """, status: 65))
        #expect(try project.run("celery queues --json").output.contains("\"ready\":1,"))
        try project.expect("celery apply --batch - --skip-bad", input: input, Ended(
            "t1\nt2\nt4\nt5\n", errors: "celery apply: stdin, line 3: task id t3 is already in use: it waits or runs\n", status: 65))
    }

    @Test func `names the line whose id an earlier line has`() throws {
        let project = try Project()
        let input = #"{"task": "demo.tasks.add", "id": "t1"}\#n{"task": "demo.tasks.add", "id": "t1"}"#
        try project.expect("celery apply --batch -", input: input, Ended(
            errors: """
                celery apply: stdin, line 2: task id t1 is already used by an earlier line
                hint: nothing was sent; correct the lines, or use --skip-bad

                """, status: 65))
        try project.expect("celery apply --batch - --skip-bad", input: input, Ended(
            "t1\n", errors: "celery apply: stdin, line 2: task id t1 is already used by an earlier line\n", status: 65))
    }

    @Test func `an empty batch is nothing to do`() throws {
        let project = try Project()
        try project.expect("celery apply --batch -", input: "", Ended())
    }

    @Test func `reads a pipe that is larger than a piece`() throws {
        let project = try Project()
        let ended = try project.run(#"seq 20000 | sed 's/.*/{"task":"demo.tasks.add","args":[&]}/' | celery apply --batch - | wc -l"#)
        #expect(ended == Ended("20000\n"))
        #expect(try project.run("celery queues --json").output.contains("\"ready\":20000"))
    }
}
