import CeleryCore
import Fixtures
import Testing

/// What is typed is what arrives: the spelling of numbers, and bytes that are no text.
@Suite(.blocking) struct AsTypedTests {
    private func project() throws -> Project {
        let project = try Project()
        try project.task("echo.sh", "#!/bin/sh\nfor word in \"$@\"; do printf '<%s>' \"$word\"; done\n")
        try project.task("hex.sh", """
            #!/bin/sh
            for word in "$@"; do printf %s "$word" | od -An -v -tx1 | tr -d ' \\n'; echo; done

            """)
        try project.task("latin.sh", "#!/bin/sh\nprintf 'caf\\351'\n")
        return project
    }

    @Test func `a number keeps its spelling in a batch, in the settings of beat and in a map`() throws {
        let project = try project()
        let line = #"{"task": "demo.tasks.echo", "args": [1.10, {"a": 12e5}], "kwargs": {"x": 1E-3}, "id": "batch"}"#
        try project.expect("celery apply --batch -", input: line, Ended("batch\n"))
        try project.write(project.read("celery.toml") + """

            [beat.price]
            task = "demo.tasks.echo"
            args = [1.10, 1_2e5, +0.50]
            every = 3600

            """, to: "celery.toml")
        let beat = try project.run("celery beat run price").text
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        try project.expect("celery result batch", Ended("<1.10><{\"a\":12e5}><--x><1E-3>\n"))
        try project.expect("celery result \(beat)", Ended("<1.10><12e5><0.50>\n"))
        try project.expect("printf '1.10\\n12e5\\n' | celery dmap demo.tasks.echo -j 2", Ended("<1.10>\n<12e5>\n"))
    }

    @Test func `a number keeps its spelling in a result, over retries and in a callback`() throws {
        let project = try project()
        try project.task("price.sh", """
            #!/bin/sh
            # celery: max_retries=3 retry_delay=0
            [ "$CELERY_TASK_RETRIES" = 1 ] || exit 75
            echo "$1"

            """)
        try project.task("note.sh", "#!/bin/sh\necho \"$1\" >noted.new; mv noted.new noted\n")
        try project.startWorker()
        let id = try project.apply("demo.tasks.price 1.10 --link demo.tasks.note")
        try project.expect("celery result --wait \(id)", Ended("1.10\n"))
        #expect(try project.run("celery result --json \(id)").output.contains(#""result":1.10,"#))
        #expect(eventually { project.read("noted") == "1.10\n" })
        try project.stopWorker()
    }

    @Test func `a program gets bytes that are not UTF-8 as they were typed`() throws {
        let project = try project()
        try project.startWorker()
        try project.expect(
            "celery apply demo.tasks.hex --wait $'caf\\xe9' name=$'\\xff' grün", Ended("636166e9\n6772c3bc6e\n2d2d6e616d65\nff\n"))
        try project.expect("celery apply demo.tasks.hex --raw --wait -- $'--\\xff'", Ended("2d2dff\n"))
        try project.expect("celery dmap demo.tasks.hex $'a\\xe9' b", Ended("61e9\n62\n"))
        try project.expect("printf 'a\\351\\nb\\n' | celery dmap demo.tasks.hex", Ended("61e9\n62\n"))
        #expect(try project.run("celery dmap demo.tasks.hex $'a\\xe9' --json").output.contains(#""input":{"__type__":"base64","__value__":"Yek="},"#))
        try project.stopWorker()
        _ = try project.run("celery apply demo.tasks.hex $'caf\\xe9'").text
        #expect(try project.run("sqlite3 celery.db 'SELECT body FROM message'").output.hasPrefix(#"[[{"__type__": "base64", "__value__": "Y2Fm6Q=="}], {}, "#))
    }

    @Test func `output that is not UTF-8 is printed as it was, and is bytes in JSON and for the next task`() throws {
        let project = try project()
        try project.task("note.sh", "#!/bin/sh\nprintf %s \"$1\" >noted.new; mv noted.new noted\n")
        try project.startWorker()
        let dump = "od -An -tx1"
        try project.expect("celery apply demo.tasks.latin --wait | \(dump)", Ended(" 63 61 66 e9\n"))
        let id = try project.apply("demo.tasks.latin --link demo.tasks.note")
        try project.expect("celery result --wait \(id) | \(dump)", Ended(" 63 61 66 e9\n"))
        #expect(try project.run("celery result --json \(id)").output.contains(#""result":{"__type__":"base64","__value__":"Y2Fm6Q=="},"#))
        try project.expect("celery dmap demo.tasks.latin 1 2 | \(dump)", Ended(" 63 61 66 e9 63 61 66 e9\n"))
        #expect(eventually { project.exists("noted") })
        try project.expect("\(dump) noted", Ended(" 63 61 66 e9\n"))
        try project.stopWorker()
    }

    @Test func `an argument with a NUL byte fails the task with its reason`() throws {
        let project = try project()
        try project.startWorker()
        let ended = try project.run(#"celery apply demo.tasks.hex --wait '"a\u0000b"'"#)
        #expect(ended.status == 1)
        #expect(ended.errors.contains("argument 1 contains a NUL byte"))
        try project.stopWorker()
    }
}
