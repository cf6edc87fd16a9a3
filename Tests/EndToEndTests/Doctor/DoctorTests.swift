import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery doctor`, as a user or a health probe calls it.
@Suite(.blocking) struct DoctorTests {
    private func findings(_ project: Project, _ options: String = "", with variables: [String: String] = [:]) throws -> [JSON] {
        try project.run("celery doctor --json \(options)", with: variables).lines.map { try JSON(parsing: $0) }
    }

    private func states(_ findings: [JSON], _ check: String) -> [String] {
        findings.filter { $0["check"]?.stringValue == check }.compactMap { $0["state"]?.stringValue }
    }

    @Test func `a project without a worker is told what is missing`() throws {
        let project = try Project()
        let fresh = try findings(project)
        #expect(states(fresh, "settings") == ["ok"] && states(fresh, "tables") == ["unknown"] && states(fresh, "broker") == ["unknown"])
        #expect(!project.exists("celery.db"))
        _ = try project.run("celery syncdb").text
        let ended = try project.run("celery doctor")
        #expect(ended.status == 2 && ended.output.contains("no worker answers") && ended.output.contains("hint: celery celeryd --detach"))
    }

    @Test func `a worker proves that it consumes, and nothing is left of the probe`() throws {
        let project = try Project()
        try project.startWorker("-n w@h")
        let found = try findings(project)
        for check in ["tables", "broker", "store", "queues", "workers", "clock", "probe"] { #expect(states(found, check) == ["ok"], "\(found)") }
        #expect(found.contains { $0["check"] == "probe" && $0["worker"] == "w@h" && $0["text"]?.stringValue?.hasPrefix("has consumed a probe") == true })
        #expect(try project.run("celery list --json").output.isEmpty)
        #expect(try !project.run("celery queues").output.contains("celery.probe"))
        #expect(try !project.run("celery status").output.contains("celery.probe"))
        try project.stopWorker()
    }

    @Test func `a health probe goes through the worker's queues, and does not mind warnings`() throws {
        let project = try Project()
        try project.startWorker("-n w@h -Q celery,images")
        let probes = try findings(project, "--worker w@h").filter { $0["check"] == "probe" }
        #expect(probes.compactMap { $0["text"]?.stringValue }.count { $0.contains("queue celery") || $0.contains("queue images") } == 2)
        #expect(probes.allSatisfy { $0["state"] == "ok" }, "\(probes)")
        #expect(try project.run("celery doctor --worker w@h").status == 0)
        _ = try project.run("celery queues pause images").text
        let paused = try project.run("celery doctor --worker w@h")
        #expect(paused.status == 0 && paused.output.contains("queue images is paused"))
        #expect(try project.run("celery doctor").status > 0)
        #expect(try project.run("celery doctor --worker other@h -t 1").status == 2)
        try project.stopWorker()
    }

    @Test func `a worker that hangs is an error`() throws {
        let project = try Project()
        try project.startWorker("-n w@h")
        try project.haltWorker()
        let hung = try project.run("celery doctor --worker w@h -t 1")
        try project.signalWorker(SIGCONT)
        #expect(hung.status == 2 && hung.output.contains("w@h"), "\(hung)")
        #expect(try eventually { try project.run("celery doctor --worker w@h").status == 0 })
        try project.stopWorker()
    }

    @Test func `a worker whose slots are all taken is a warning`() throws {
        let project = try Project()
        try project.task("nap.sh", "#!/bin/sh\nsleep 600\n")
        try project.startWorker("-n w@h --prefetch 1")
        let batch = String(repeating: "{\"task\": \"demo.tasks.nap\"}\n", count: 12)
        _ = try project.run("celery apply --batch -", input: batch).text
        #expect(try eventually { try project.run("celery inspect active").output.contains("demo.tasks.nap") })
        var busy = Ended()
        // Again, should the worker have answered too late.
        let isTold = try eventually {
            busy = try project.run("celery doctor --worker w@h -t 2")
            return busy.status == 0 && busy.output.contains("is busy with")
        }
        #expect(isTold, "\(busy)")
        try project.signalWorker(SIGQUIT)
    }

    @Test func `files that other users can read or change are told with the cure`() throws {
        let project = try Project()
        _ = try project.run("celery syncdb && chmod 644 celery.db && chmod o+w celery.toml && chmod 777 demo/tasks").text
        _ = try project.run("printf 'EMAIL_HOST_PASSWORD = \"sesame\"\\n' | cat - celery.toml >new && cat new >celery.toml").text
        let ended = try project.run("celery doctor")
        for text in ["celery.db can be read by every user", "celery.toml can be changed by every user", "contains a password or token", "hint: chmod o-w", "demo/tasks: is writable by every user"] {
            #expect(ended.output.contains(text), "\(text) in \(ended)")
        }
        #expect(!ended.output.contains("sesame"))
    }

    @Test func `settings are told with their origin, and a mistake in them ends the visit`() throws {
        let project = try Project()
        let found = try findings(project, with: ["CELERYD_CONCURRENCY": "3"])
        let details = try #require(found.first { $0["check"] == "settings" }?["details"]?.arrayValue)
        #expect(details.contains("CELERYD_CONCURRENCY = \"3\"  (CELERYD_CONCURRENCY in the environment)"), "\(details)")
        try project.write("NONSENSE = 1\n", to: "celery.toml")
        let ended = try project.run("celery doctor")
        #expect(ended.status == 2 && ended.output.contains("unknown setting 'NONSENSE'"))
        #expect(ended.lines.count { !$0.hasPrefix(" ") } == 1)
    }

    @Test func `an unreachable broker is an error, and nothing else is asked of it`() throws {
        let project = try Project()
        let found = try findings(project, "-b redis://127.0.0.1:1/0")
        #expect(states(found, "broker") == ["error"] && states(found, "workers").isEmpty)
    }

    @Test func `a mail is sent on request`() throws {
        let server = try MailServer()
        let project = try Project()
        #expect(states(try findings(project, "--mail"), "mail") == ["error"])
        let lines = "ADMINS = [\"ann@example.com\"]\nEMAIL_HOST = \"127.0.0.1\"\nEMAIL_PORT = \(server.port)\n"
        _ = try project.run("cat - celery.toml >new && cat new >celery.toml", input: lines).text
        #expect(states(try findings(project), "mail") == ["ok"])
        #expect(server.mails.isEmpty)
        #expect(states(try findings(project, "--mail"), "mail") == ["ok"])
        #expect(eventually { server.mails.count == 1 })
        #expect(server.mails.first?.subject.contains("Notices of celery arrive") == true)
    }

    @Test func `a stale pidfile is told`() throws {
        let project = try Project()
        try project.write("4194303\n", to: "celeryd.pid")
        #expect(states(try findings(project), "daemons") == ["warning"])
    }
}

/// The same at servers.
@Suite(.blocking) struct DoctorServerTests {
    @Test func `at RabbitMQ a probe leaves neither queue nor exchange, and another declaration is an error`() throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker("-n w@h", with: place.variables())
        let found = try place.run("celery doctor --json").lines.map { try JSON(parsing: $0) }
        for check in ["broker", "powers", "declarations", "probe", "clock"] {
            #expect(found.filter { $0["check"]?.stringValue == check }.map { $0["state"] } == ["ok"], "\(check) in \(found)")
        }
        #expect(try place.run("celery doctor --worker w@h").status == 0)
        for kind in ["queues", "exchanges"] {
            #expect(try !place.server.api.expect("GET", "\(kind)/\(place.vhost)").contains("celery.probe"))
        }
        let other = try place.run("celery doctor", with: ["CELERY_QUEUE_MAX_PRIORITY": "9"])
        #expect(other.status == 2 && other.output.contains("queue celery was declared in another way"), "\(other)")
        try place.project.stopWorker()
    }

    @Test func `at Redis a probe leaves no key, and the persistence is judged`() throws {
        let server = try RedisServer.shared
        let project = try Project()
        let prefix = "doctor-\(TaskID())-"
        let variables = ["CELERY_BROKER_URL": server.url + "?global_keyprefix=\(prefix)", "CELERY_RESULT_BACKEND": server.url]
        try project.startWorker("-n w@h", with: variables)
        let found = try project.run("celery doctor --json", with: variables).lines.map { try JSON(parsing: $0) }
        #expect(found.filter { $0["check"] == "probe" }.map { $0["state"] } == ["ok"], "\(found)")
        #expect(found.contains { $0["check"] == "durability" })
        #expect(try project.run("celery doctor --worker w@h", with: variables).status == 0)
        #expect(try !project.run("celery queues", with: variables).output.contains("celery.probe"))
        try project.stopWorker()
    }
}
