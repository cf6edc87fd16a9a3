import CeleryCore
import Fixtures
import Testing

/// `celery explain` at a Redis server tells as much as at `celery.db`.
@Suite(.blocking) struct RedisExplainTests {
    private let project: Project
    private let variables: [String: String]

    init() throws {
        let server = try RedisServer.shared
        project = try Project()
        let prefix = "explain-\(TaskID())-"
        variables = [
            "CELERY_BROKER_URL": server.url + "?global_keyprefix=\(prefix)", "CELERY_RESULT_BACKEND": server.url, "CELERY_RESULT_KEY_PREFIX": prefix,
        ]
    }

    private func run(_ line: String) throws -> Ended { try project.run(line, with: variables) }

    private func apply(_ words: String) throws -> String { try run("celery apply \(words)").text }

    /// The first line, with ID for each id.
    private func verdict(_ id: String) throws -> String {
        let ended = try run("celery explain \(id)")
        #expect(ended.status == 0, "\(ended)")
        return ended.masked.lines.first ?? ""
    }

    private func explained(_ id: String) throws -> JSON { try JSON(parsing: run("celery explain --json \(id)").text) }

    private func kinds(_ id: String) throws -> [String] { (try explained(id)["causes"]?.arrayValue ?? []).compactMap { $0["kind"]?.stringValue } }

    @Test func `tells what a task waits for before any worker is there`() throws {
        let first = try apply("demo.tasks.add 1 2")
        #expect(try verdict(first) == "ID demo.tasks.add is waiting: no worker is alive")
        let second = try apply("demo.tasks.add 1 2")
        let object = try explained(second)
        #expect(try kinds(second) == ["no_worker", "behind"] && object["ahead"] == 1, "\(object)")
        let later = try apply("demo.tasks.add 1 2 --countdown 3600")
        #expect(try verdict(later).hasPrefix("ID demo.tasks.add is waiting: it may not begin before 2"))
        let expired = try apply("demo.tasks.add 1 2 --expires 0.01")
        #expect(try eventually { try kinds(expired).first == "expired" })
        #expect(try run("celery queues pause celery --for 1h --reason 'disk full'").status == 0)
        let paused = try verdict(first)
        #expect(paused.contains("is waiting: queue celery has been paused since 2") && paused.hasSuffix(": disk full"), "\(paused)")
        #expect(try run("celery revoke \(second)").status == 0)
        #expect(try explained(second)["verdict"] == "revoked")
        let nobody = try run("celery explain nobody \(first)")
        #expect(nobody.status == 127)
        #expect(nobody.lines.first == "nobody is not known: neither the broker nor the result store knows it")
    }

    @Test func `tells of workers that do not take it, and who holds the slots`() throws {
        try project.task("wait.sh", "#!/bin/sh\n# celery: concurrency=1\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.task("slow.sh", "#!/bin/sh\n# celery: rate_limit=1/h\n")
        try project.startWorker("-E -n w1@host -c2", with: variables)
        let elsewhere = try apply("demo.tasks.add 1 2 --queue other")
        #expect(try verdict(elsewhere) == "ID demo.tasks.add is waiting: no worker consumes queue other (1 worker alive)")
        _ = try run("celery apply demo.tasks.slow --wait").text
        let rated = try apply("demo.tasks.slow")
        #expect(try eventually { try kinds(rated) == ["limit"] })
        let runs = try apply("demo.tasks.wait")
        #expect(try eventually { try explained(runs)["verdict"] == "running" })
        #expect(try verdict(runs).hasPrefix("ID demo.tasks.wait is running on w1@host since 2"))
        let second = try apply("demo.tasks.wait")
        #expect(try eventually { try kinds(second) == ["concurrency"] })
        #expect(try run("celery explain \(second)").output.contains("is waiting: the only slot of demo.tasks.wait is taken, by \(runs) on w1@host\n"))
        try project.write("", to: "go")
        _ = try run("celery result --wait \(second)").text
        let done = try run("celery explain \(second)")
        #expect(done.masked.lines.first == "ID demo.tasks.wait has succeeded")
        #expect(done.output.contains("  attempt 1:  on w1@host, began 2"), "\(done)")
        try project.stopWorker()
    }
}
