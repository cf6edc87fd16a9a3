import CeleryCore
import Fixtures
import Testing

/// `celery dmap`: items in, results out.
@Suite(.blocking) struct DmapTests {
    @Test func `takes operands, or lines of stdin, in their order`() throws {
        let project = try Project()
        try project.expect("celery dmap demo.tasks.square 3 1 2 -j 2", Ended("9\n1\n4\n"))
        try project.expect("printf '3\\n1\\n2' | celery dmap demo.tasks.square -j 2", Ended("9\n1\n4\n"))
        try project.expect("celery dmap demo.tasks.square -j 2 </dev/null", Ended())
    }

    @Test func `uses workers that run anyway`() throws {
        let project = try Project()
        try project.startWorker()
        try project.expect("seq 5 | celery dmap demo.tasks.square", Ended("1\n4\n9\n16\n25\n"))
    }

    @Test func `gives several items to a task that takes arrays`() throws {
        let project = try Project()
        try project.task("lengths.sh", "#!/bin/sh\n[ \"$1\" = '[\"fail\"]' ] && exit 3\nprintf %s \"$1\"\n")
        try project.expect("printf 'a\\nb\\nc\\n' | celery dmap demo.tasks.lengths --chunk 2 --tag -j 1", Ended("a\ta\nb\tb\nc\tc\n"))
        let ended = try project.run("celery dmap demo.tasks.lengths --chunk 1 a fail -j 1 --json --chunk 2")
        #expect(try ended.lines.map { try JSON(parsing: $0)["input"] } == [["a", "fail"]])
    }

    @Test func `takes items that end with NUL, whatever they contain`() throws {
        let project = try Project()
        try project.task("echo.sh", "#!/bin/sh\nprintf %s \"$1\"\n")
        try project.expect("printf 'a\\nb\\0-c\\0' | celery dmap demo.tasks.echo -0 --tag -j 1", Ended("a\nb\ta\na\nb\tb\n-c\t-c\n"))
        try project.expect("celery dmap demo.tasks.echo -0 x -j 1", Ended(
            errors: "celery dmap: --null is about items on stdin, but there are operands\n", status: 64))
    }

    @Test func `prints what it would send`() throws {
        let project = try Project()
        try project.expect("printf '1\\na b\\n' | celery dmap demo.tasks.square --dry-run", Ended(
            "celery apply demo.tasks.square --args '[1]'\ncelery apply demo.tasks.square --args '[\"a b\"]'\n"))
        let ended = try project.run("celery dmap demo.tasks.square --dry-run --json --json-lines '{\"x\": 1}'")
        #expect(try JSON(parsing: try ended.text) == ["item": 1, "input": "{\"x\": 1}", "task": "demo.tasks.square", "args": [], "kwargs": ["x": 1]])
        #expect(try project.run("celery queues").output == "")
    }

    @Test(arguments: [
        ("--tag --json", "--tag and --json exclude each other: each object has its item"),
        ("--raw --json-lines", "--json-lines and --raw exclude each other"),
        ("--detach --output x", "--detach waits for nothing, so it excludes --output"),
        ("--in-flight 0", "'0' is less than 1 (for --in-flight)"),
    ])
    func `refuses options that contradict each other`(_ words: String, _ error: String) throws {
        try Project().expect("celery dmap demo.tasks.square 1 \(words)", Ended(errors: "celery dmap: \(error)\n", status: 64))
    }

    @Test func `what a failed program wrote appears on stderr`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\necho \"no $1\" >&2; echo done\n[ $1 = ok ] || exit 9\n")
        try project.expect("celery dmap demo.tasks.fail ok bad -j 1 --tag", Ended(
            "ok\tdone\n",
            errors: "bad\tno bad\nbad\tdone\ncelery dmap: item 2 ('bad'): CalledProcessError: demo.tasks.fail returned exit status 9\n", status: 1))
    }

    @Test func `forgets results that were printed, unless told to keep them`() throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\n[ $1 = ok ] || exit 9\n")
        _ = try project.run("celery dmap demo.tasks.fail ok bad -j 1")
        let count = "sqlite3 celery.db 'SELECT count(*) FROM result'"
        try project.expect(count, Ended("0\n"))
        let kept = try project.run("celery dmap demo.tasks.fail ok bad -j 1 --keep --json")
        try project.expect(count, Ended("2\n"))
        let id = try JSON(parsing: kept.line(0))["id"]?.stringValue ?? ""
        try project.expect("celery result \(id)", Ended("\n"))
    }

    @Test func `leaves no set behind but with --keep or --detach`() throws {
        let project = try Project()
        try project.startWorker()
        try project.expect("celery dmap demo.tasks.square 1 2", Ended("1\n4\n"))
        _ = try project.run("yes 3 | celery dmap demo.tasks.square | head -1").text
        #expect(try eventually { try project.run("celery taskset").output == "" })
        try project.expect("celery dmap demo.tasks.square 1 2 --keep", Ended("1\n4\n"))
        #expect(try project.run("celery taskset").lines.count == 1)
        try project.stopWorker()
    }

    @Test func `sends and leaves with --detach, and prints the id of the set`() throws {
        let project = try Project()
        let set = try project.run("seq 3 | celery dmap demo.tasks.square --detach").text
        #expect(set.hasSuffix("-000000000000"))
        #expect(try project.run("celery queues").output.contains("celery\t3"))
        _ = try project.run("celery celeryd --burst").text
        try project.expect("celery result \(set.dropLast())3", Ended("9\n"))
        try project.expect("celery dmap demo.tasks.square 1 --detach -j 2", Ended(
            errors: "celery dmap: --detach waits for nothing, so it excludes --jobs\n", status: 64))
        let object = try JSON(parsing: try project.run("celery dmap demo.tasks.square 1 2 --detach --json").text)
        #expect(object["items"] == 2)
    }

    @Test func `sends one item after another with --delay`() throws {
        let project = try Project()
        let time = try ContinuousClock().measure {
            try project.expect("celery dmap demo.tasks.square 1 2 3 -j 1 --delay 0.4", Ended("1\n4\n9\n"))
        }
        #expect(time > .seconds(0.8))
    }

    @Test func `takes arrays and objects with --json-lines`() throws {
        let project = try Project()
        try project.task("echo.sh", "#!/bin/sh\necho \"$@\"\n")
        let lines = "[1, \"a b\"]\n{\"size\": 5}\n[]\n"
        try project.expect("celery dmap demo.tasks.echo --json-lines -j 2", input: lines, Ended("1 a b\n--size 5\n\n"))
        try project.expect(
            "celery dmap demo.tasks.echo --json-lines -j 2", input: "[1]\n5\n",
            Ended(errors: "celery dmap: line 2 is neither a JSON array nor a JSON object\n", status: 65))
        try project.expect("celery dmap demo.tasks.echo --raw '\"q\"' '[1]' -j 2", Ended("q\n[1]\n"))
    }

    @Test func `prints as they come with --unordered`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\n[ $1 = first ] || until [ -e go ]; do sleep 0.02; done\necho $1\n")
        let mapping = try project.start("celery dmap demo.tasks.wait last first -j 2 --unordered")
        #expect(eventually { mapping.printed == "first\n" })
        try project.write("", to: "go")
        #expect(try mapping.wait() == Ended("first\nlast\n"))
    }

    @Test func `tells all with --json`() throws {
        let project = try Project()
        try project.task("odd.sh", "#!/bin/sh\n[ $(($1 % 2)) = 1 ] || exit 4\necho $1\n")
        let ended = try project.run("celery dmap demo.tasks.odd 7 8 -j 2 --json")
        #expect(ended.status == 1)
        let objects = try ended.lines.map { try JSON(parsing: $0) }
        try #require(objects.map { $0["item"] } == [1, 2])
        #expect(objects.map { $0["input"] } == ["7", "8"])
        #expect(objects.map { $0["state"] } == ["SUCCESS", "FAILURE"])
        #expect(objects.map { $0["result"] } == [7, .null])
        #expect(objects.map { $0["exit_status"] } == [0, 4])
        #expect(objects[1]["error"]?["type"] == "CalledProcessError")
    }

    @Test(arguments: [(0, Int32(0)), (1, 1), (3, 3), (100, 100), (101, 101), (130, 101)])
    func `exits with the number of failures`(_ failures: Int, _ status: Int32) throws {
        let project = try Project()
        try project.task("fail.sh", "#!/bin/sh\n[ $1 = ok ] || exit 9\n")
        let items = String(repeating: "bad\n", count: failures) + "ok\n"
        let ended = try project.run("celery dmap demo.tasks.fail -j 2", input: items)
        #expect(ended.status == status)
        #expect(ended.output == "\n")
        #expect(ended.errors.split(separator: "\n").count == failures)
        if failures > 0 {
            #expect(ended.errors.hasPrefix("celery dmap: item 1 ('bad'): CalledProcessError: demo.tasks.fail returned exit status 9\n"))
        }
    }

    @Test func `gives up after its timeout`() throws {
        let project = try Project()
        // Time enough to read the input: it runs while the database would be made. With -q nothing is said of the worker that is missing.
        _ = try project.run("celery syncdb").text
        try project.expect(
            "celery dmap demo.tasks.square 1 2 --timeout 3 -q",
            Ended(errors: "celery dmap: timed out; 2 of 2 items are not done\n", status: 124))
    }

    @Test func `warns in its own name of a task nobody knows`() throws {
        let project = try Project()
        #expect(try project.run("celery dmap demo.tasks.squar 1 --timeout 0.1").errors.hasPrefix(
            "celery dmap: warning: neither this project nor a worker knows task 'demo.tasks.squar'; did you mean 'demo.tasks.square'?\n"))
    }

    @Test func `shows a bar on a terminal only`() throws {
        let project = try Project()
        #expect(try project.run("celery dmap demo.tasks.square 2 -j 2").errors == "")
        #expect(try project.run("celery dmap demo.tasks.square 2 -j 2 --bar").errors.contains("[##############################] 1/1"))
        let terminal = try project.run("script -qec 'celery dmap demo.tasks.square 2 -j 2' /dev/null").output
        #expect(terminal.contains("[##############################] 1/1"))
        #expect(!(try project.run("script -qec 'celery dmap demo.tasks.square 2 -j 2 --no-bar' /dev/null").output.contains("[")))
    }
}
