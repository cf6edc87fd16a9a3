import Testing

/// What goes to stdout and what to stderr, and what becomes of it when that is full or gone.
@Suite(.blocking) struct OutputTests {
    @Test func `prints results on stdout and nothing else`() throws {
        let project = try Project()
        try project.startWorker()
        _ = try project.run("rm demo/tasks/shout.sh").text
        try project.expect("celery apply demo.tasks.missing 2>/dev/null", masked: Ended("ID\n"))
        #expect(try project.run("celery status nope 2>/dev/null").output == "nope\tUNKNOWN\n")
        try project.expect("celery status >/dev/null", Ended())
    }

    @Test func `results that cannot be written are no success`() throws {
        let project = try Project()
        try project.expect(
            "celery version >/dev/full",
            Ended(errors: "celery: cannot write results: no space left on device\n", status: 73))
        #expect(try project.run("celery help apply >&-").status == 73)
        // Errors that cannot be shown change nothing.
        #expect(try project.run("celery status 2>/dev/full").status == 69)
    }

    @Test func `a reader that goes away ends the command`() throws {
        let project = try Project()
        #expect(try project.run("celery completion bash | true; echo ${PIPESTATUS[0]}").output == "141\n")
    }

    @Test func `prints a large amount whole`() throws {
        let project = try Project()
        try project.task("big.sh", "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x\n")
        try project.startWorker()
        #expect(try project.run("celery apply demo.tasks.big --wait | wc -c").output == "3000001\n")
    }

    @Test func `keeps quiet when told so`() throws {
        let project = try Project()
        #expect(try project.run("celery startproject other -q").errors == "")
        #expect(try project.run("celery apply other.tasks.add -q -Q nowhere").errors == "")
        #expect(try project.run("celery -q celeryd --burst -l error").errors == "")
    }

    @Test func `every object of --json is one line of JSON`() throws {
        let project = try Project()
        try project.task("text.sh", "#!/bin/sh\nprintf 'two\\nlines \"quoted\"'\n")
        try project.startWorker("-n w@h")
        let ended = try project.run("""
            set -e
            celery apply demo.tasks.text --task-id t --json
            celery status --wait --json t
            celery result --json t
            celery status --json; celery tasks --json; celery queues --json; celery version --json
            celery dmap demo.tasks.square 2 --json; celery syncdb --json; celery celeryd --is-running -p w.pid --json
            """)
        #expect(ended.status == 0)
        #expect(ended.lines.count == 15)
        try project.expect("python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]'", input: ended.output, Ended())
    }
}
