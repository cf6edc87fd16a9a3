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
        try project.expect("seq 5 | celery dmap demo.tasks.square --chunk 2", Ended("1\n4\n9\n16\n25\n"))
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
        #expect(objects.map { $0["item"] } == [1, 2])
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
        try project.expect(
            "celery dmap demo.tasks.square 1 2 --timeout 0.2",
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
