import CeleryCore
import Fixtures
import Processes
import Testing

/// `celery explain`.
@Suite(.blocking) struct ExplainTests {
    /// The first line, with ID for each id.
    private func verdict(_ id: String, _ project: Project, with variables: [String: String] = [:]) throws -> String {
        let ended = try project.run("celery explain \(id)", with: variables)
        #expect(ended.status == 0, "\(ended)")
        return ended.masked.lines.first ?? ""
    }

    private func explained(_ id: String, _ project: Project, with variables: [String: String] = [:]) throws -> JSON {
        try JSON(parsing: project.run("celery explain --json \(id)", with: variables).text)
    }

    private func kinds(_ explained: JSON) -> [String] {
        (explained["causes"]?.arrayValue ?? []).compactMap { $0["kind"]?.stringValue }
    }

    @Test func `tells what a task waits for before any worker is there`() throws {
        let project = try Project()
        let first = try project.apply("demo.tasks.add 1 2")
        #expect(try verdict(first, project) == "ID demo.tasks.add is waiting: no worker is alive")
        let second = try project.apply("demo.tasks.add 1 2")
        let object = try explained(second, project)
        #expect(kinds(object) == ["no_worker", "behind"] && object["ahead"] == 1, "\(object)")
        let later = try project.apply("demo.tasks.add 1 2 --countdown 3600")
        #expect(try verdict(later, project).hasPrefix("ID demo.tasks.add is waiting: it may not begin before 2"))
        #expect(try project.run("celery queues pause celery --for 1h --reason 'disk full'").status == 0)
        let paused = try verdict(first, project)
        #expect(paused.contains("is waiting: queue celery has been paused since 2") && paused.hasSuffix(": disk full"), "\(paused)")
        #expect(kinds(try explained(later, project)) == ["eta", "paused", "no_worker"])
    }

    @Test func `127 for an id that nobody knows, beside those that are known`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.add 1 2")
        let ended = try project.run("celery explain nothing \(id)")
        #expect(ended.status == 127)
        #expect(ended.lines.first == "nothing is not known: neither the broker nor the result store knows it")
        #expect(ended.output.contains("\(id) demo.tasks.add is waiting"))
        #expect(try project.run("celery explain").status == 64)
    }

    @Test func `tells of workers that do not take it`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\n# celery: concurrency=1\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.task("slow.sh", "#!/bin/sh\n# celery: rate_limit=1/h\n")
        try project.startWorker("-n w1@host -c1")
        let elsewhere = try project.apply("demo.tasks.add 1 2 --queue other")
        #expect(try verdict(elsewhere, project) == "ID demo.tasks.add is waiting: no worker consumes queue other (1 worker alive)")
        _ = try project.run("celery apply demo.tasks.slow --wait").text
        let rated = try project.apply("demo.tasks.slow")
        #expect(try eventually { kinds(try explained(rated, project)) == ["rate"] })
        #expect(try verdict(rated, project).hasPrefix("ID demo.tasks.slow is waiting: demo.tasks.slow may begin once every 60 min, and not before 2"))

        let runs = try project.apply("demo.tasks.wait")
        #expect(try eventually { try explained(runs, project)["verdict"] == "running" })
        #expect(try verdict(runs, project).hasPrefix("ID demo.tasks.wait is running on w1@host since 2"))
        let behind = try project.apply("demo.tasks.add 1 2")
        #expect(try verdict(behind, project) == "ID demo.tasks.add is waiting: every worker of queue celery is busy: w1@host runs 1")

        try project.write("", to: "go")
        _ = try project.run("celery result --wait \(behind)").text
        let done = try project.run("celery explain \(behind)")
        #expect(done.masked.lines.first == "ID demo.tasks.add has succeeded")
        #expect(done.output.contains(", after waiting "), "\(done)")
        #expect(done.output.contains("  attempt 1:  on w1@host, began 2"), "\(done)")
        try project.stopWorker()
    }

    @Test func `names who holds the slots of a task`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\n# celery: concurrency=1\nuntil [ -e go ]; do sleep 0.02; done\n")
        try project.startWorker("-n w1@host -c2")
        let first = try project.apply("demo.tasks.wait")
        #expect(try eventually { try project.state(of: first) == "STARTED" })
        let second = try project.apply("demo.tasks.wait")
        #expect(try eventually { kinds(try explained(second, project)) == ["concurrency"] })
        let text = try project.run("celery explain \(second)").output
        #expect(text.contains("is waiting: the only slot of demo.tasks.wait is taken, by \(first) on w1@host\n"), "\(text)")
        try project.write("", to: "go")
        try project.stopWorker()
    }

    @Test func `tells why a task failed, its tries, and what it wrote`() throws {
        let project = try Project()
        try project.task("bad.sh", "#!/bin/sh\n# celery: autoretry=3 max_retries=1 retry_delay=0.01\necho no such host >&2\nexit 3\n")
        try project.task("long.sh", "#!/bin/sh\nexec sleep 60\n")
        try project.startWorker("-E -n w1@host")
        let bad = try project.apply("demo.tasks.bad")
        #expect(try project.run("celery result --wait \(bad)").status == 3)
        #expect(try eventually { try explained(bad, project)["attempts"]?.arrayValue?.count == 2 })
        let text = try project.run("celery explain \(bad)").output
        #expect(text.hasPrefix("\(bad) demo.tasks.bad has failed: demo.tasks.bad returned exit status 3\n"), "\(text)")
        #expect(text.contains("  stderr:     no such host\n"), "\(text)")
        #expect(text.contains(": RETRY, ") && text.contains("  attempt 2:  on w1@host, began 2"), "\(text)")
        let killed = try project.apply("demo.tasks.long --time-limit 0.2")
        _ = try project.run("celery result --wait \(killed)")
        #expect(kinds(try explained(killed, project)) == ["time_limit"])
        try project.stopWorker()
        let expired = try project.apply("demo.tasks.add 1 2 --expires 0.01")
        _ = try project.run("sleep 0.05; celery celeryd --burst -q")
        #expect(try verdict(expired, project) == "ID demo.tasks.add was withdrawn: it expired before it ran")
        let revoked = try project.apply("demo.tasks.add 1 2")
        _ = try project.run("celery revoke \(revoked)").text
        #expect(try verdict(revoked, project) == "ID demo.tasks.add was withdrawn: it was revoked before it ran")
    }

    @Test func `says what to do about a dead letter`() throws {
        let project = try Project()
        let id = try project.apply("demo.tasks.gone")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        let ended = try project.run("celery explain \(id)")
        #expect(ended.status == 0)
        #expect(ended.masked.lines.first == "ID demo.tasks.gone is a dead letter: the worker that received it does not know the task (1 attempt)")
        #expect(ended.output.contains("celery dead replay \(id) sends it again"), "\(ended)")
        #expect(try explained(id, project)["dead"]?["reason"] == "unregistered")
    }

    @Test func `at a RabbitMQ server tells what workers have, and what cannot be known`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        let variables = place.variables()
        try project.task("wait.sh", "#!/bin/sh\n# celery: concurrency=1\nuntil [ -e go ]; do sleep 0.02; done\n")
        let unseen = try place.run("celery apply demo.tasks.add 1 2").text
        let ended = try place.run("celery explain \(unseen)")
        #expect(ended.status == 75, "\(ended)")
        #expect(ended.output.contains(" cannot be seen: neither a worker nor the result store has it; the broker cannot search its queues"), "\(ended)")
        #expect(ended.output.contains("  also:       no worker is alive\n"), "\(ended)")
        #expect(ended.output.contains("  queue:      celery (1 ready, 0 consumers)\n"), "\(ended)")

        #expect(try place.run("celery revoke \(unseen)").status == 0)
        let revoked = try place.run("celery explain \(unseen)")
        #expect(revoked.masked.output.hasPrefix("ID was withdrawn: it was revoked before it ran\n"), "\(revoked)")

        try project.startWorker("-n w1@host -c2", with: variables)
        // Status 75 while a message is on its way to the worker, and whenever the worker answers too late.
        func seen(_ id: String) throws -> JSON { try JSON(parsing: place.run("celery explain --json \(id)").output) }
        let first = try place.run("celery apply demo.tasks.wait").text
        #expect(try eventually { try seen(first)["verdict"] == "running" })
        #expect(try eventually {
            let ended = try place.run("celery explain \(first)")
            return ended.status == 0 && ended.masked.output.hasPrefix("ID demo.tasks.wait is running on w1@host since 2")
        })
        let second = try place.run("celery apply demo.tasks.wait").text
        #expect(try eventually { kinds(try seen(second)) == ["concurrency"] })
        #expect(try eventually { try place.run("celery explain \(second)").output.contains("taken, by \(first) on w1@host") })
        try project.write("", to: "go")
        _ = try place.run("celery result --wait \(second)").text
        #expect(try verdict(second, project, with: variables) == "ID demo.tasks.wait has succeeded")
        try project.stopWorker()
    }
}
