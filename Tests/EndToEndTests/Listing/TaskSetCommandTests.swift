import CeleryCore
import Fixtures
import Testing

/// `celery taskset`, and those who make sets.
@Suite(.blocking) struct TaskSetCommandTests {
    private func batch(_ project: Project, _ lines: String...) throws -> String {
        try project.write(lines.map { $0 + "\n" }.joined(), to: "jobs")
        return try project.run("celery apply --batch jobs --set").text
    }

    private let sum = #"{"task": "demo.tasks.add", "args": [1, 2]}"#
    private let bad = #"{"task": "demo.tasks.bad"}"#

    @Test func `counts the tasks of a batch, waits for them, and prints their results in order`() throws {
        let project = try Project()
        try project.task("bad.sh", "#!/bin/sh\necho 'no disk' >&2; exit 3\n")
        let id = try batch(project, sum, bad, #"{"task": "demo.tasks.add", "args": [3, 4]}"#)
        #expect(id.hasSuffix("-000000000000"))
        try project.expect("celery taskset \(id)", Ended("TOTAL\t3\nPENDING\t3\n", status: 75))
        let waiting = try project.start("celery taskset --wait \(id)")
        #expect(try project.run("celery celeryd --burst -q -l CRITICAL").status == 0)
        #expect(try waiting.wait() == Ended("TOTAL\t3\nFAILURE\t1\nSUCCESS\t2\n", status: 1))
        let results = try project.run("celery taskset --results \(id)")
        #expect(results.output == "3\n7\n" && results.status == 1)
        #expect(results.errors.hasPrefix("celery taskset: task 2 (\(id.dropLast())2): CalledProcessError: "))
        let object = try JSON(parsing: try project.run("celery taskset --json \(id)").output)
        #expect(object["total"] == 3 && object["done"] == 3 && object["failed"] == 1)
        #expect(object["counts"] == ["FAILURE": 1, "SUCCESS": 2])
        let list = try project.run("celery taskset").lines
        #expect(list.count == 1 && list[0].hasPrefix("\(id)\t3\t3\t1\t"))
    }

    @Test func `a member that is sent again takes the place of the old one`() throws {
        let project = try Project()
        try project.task("bad.sh", "#!/bin/sh\n[ -e mended ] && echo good\n")
        let id = try batch(project, sum, bad)
        #expect(try project.run("celery celeryd --burst -q -l CRITICAL").status == 0)
        try project.write("", to: "mended")
        #expect(try project.run("celery retry --failed").lines.count == 1)
        try project.expect("celery taskset \(id)", Ended("TOTAL\t2\nPENDING\t1\nSUCCESS\t1\n", status: 75))
        #expect(try project.run("celery celeryd --burst -q -l CRITICAL").status == 0)
        try project.expect("celery taskset \(id)", Ended("TOTAL\t2\nSUCCESS\t2\n"))
        try project.expect("celery taskset --results \(id)", Ended("3\ngood\n"))
    }

    @Test func `revokes what is left`() throws {
        let project = try Project()
        let id = try batch(project, sum, sum)
        try project.expect("celery taskset --revoke \(id)", Ended(
            "TOTAL\t2\nREVOKED\t2\n", errors: "celery taskset: revoked 2 tasks\n", status: 2))
        try project.expect("celery taskset --revoke \(id)", Ended(
            "TOTAL\t2\nREVOKED\t2\n", errors: "celery taskset: revoked 0 tasks\n", status: 2))
        #expect(try project.run("celery queues").output == "")
    }

    @Test func `a dmap that does not wait makes a set`() throws {
        let project = try Project()
        let id = try project.run("seq 3 | celery dmap demo.tasks.square --detach").text
        #expect(try project.run("celery celeryd --burst -q -l CRITICAL").status == 0)
        try project.expect("celery taskset \(id)", Ended("TOTAL\t3\nSUCCESS\t3\n"))
        try project.expect("celery taskset --results \(id)", Ended("1\n4\n9\n"))
    }

    @Test func `says which set it does not know, and where none are kept`() throws {
        let project = try Project()
        try project.expect("celery taskset", Ended(errors: "celery taskset: no task-sets are kept in sqlite://\(project.path)/celery.db\n"))
        try project.expect("celery taskset nobody", Ended(
            errors: "celery taskset: no task-set nobody is kept in sqlite://\(project.path)/celery.db\n", status: 127))
        #expect(try project.run("celery taskset --wait").status == 64)
        #expect(try project.run("celery taskset --terminate x").status == 64)
        #expect(try project.run("celery apply --set demo.tasks.add 1").status == 64)
        try project.write(#"{"task": "demo.tasks.add", "id": "own"}"# + "\n", to: "jobs")
        #expect(try project.run("celery apply --batch jobs --set").errors.hasPrefix(
            "celery apply: jobs, line 1: the tasks of a set are numbered: leave out 'id', or --set\n"))
        #expect(try project.run("celery queues").output == "")
    }
}
