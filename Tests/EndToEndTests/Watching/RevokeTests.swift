import CeleryCore
import Fixtures
import Testing

/// `celery revoke`.
@Suite(.blocking) struct RevokeTests {
    @Test func `removes what waits, and flags what nobody has heard of`() throws {
        let project = try Project()
        let (waiting, later) = (try project.apply("demo.tasks.add 1"), try project.apply("demo.tasks.add 1 --countdown 1h"))
        try project.expect(
            "celery revoke \(waiting) \(later) unheard-of",
            Ended("\(waiting)\tremoved\n\(later)\tremoved\nunheard-of\tunknown\n"))
        try project.expect("celery status \(waiting)", Ended("\(waiting)\tREVOKED\n", status: 125))
        let result = try project.run("celery result \(later)")
        #expect(result == Ended(errors: "celery result: \(later): TaskRevokedError: revoked\n", status: 125) || result.status == 125)
        try project.expect("celery revoke \(waiting)", Ended("\(waiting)\tfinished already\n"))
        // A worker that starts later knows.
        let late = try project.apply("demo.tasks.add 1 --task-id unheard-of")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        try project.expect("celery status \(late)", Ended("\(late)\tREVOKED\n", status: 125))
        let object = try JSON(parsing: try project.run("celery revoke --json other").text)
        #expect(object == ["id": "other", "outcome": "unknown"])
    }

    @Test func `ends what runs, and waits for that`() throws {
        let project = try Project()
        try project.task("wait.sh", "#!/bin/sh\ntouch up\nexec sleep 600\n")
        try project.startWorker()
        let id = try project.apply("demo.tasks.wait")
        #expect(eventually { project.exists("up") })
        try project.expect("celery revoke \(id)", Ended("\(id)\tflagged\n"))
        #expect(try project.state(of: id) == "STARTED")
        try project.expect("celery revoke --terminate --signal HUP \(id)", Ended("\(id)\tterminated\n"))
        #expect(try project.run("celery result \(id)").status == 125)
        #expect(project.log.contains("revoked: terminated by signal HUP"))
        try project.stopWorker()
    }

    @Test func `revokes by name and by header`() throws {
        let project = try Project()
        let (one, two) = (try project.apply("demo.tasks.add 1"), try project.apply("demo.tasks.flaky --header batch=7"))
        try project.expect("celery revoke --header batch=7", Ended("\(two)\tremoved\nheader batch=7\tflagged\n"))
        try project.expect("celery revoke --task demo.tasks.add", Ended("\(one)\tremoved\ntask demo.tasks.add\tflagged\n"))
        // What is submitted afterwards is another matter.
        let three = try project.apply("demo.tasks.add 1")
        #expect(try project.run("celery celeryd --burst -q").status == 0)
        #expect(try project.state(of: three) == "SUCCESS")
    }

    @Test func `refuses what makes no sense`() throws {
        let project = try Project()
        for line in ["", "--signal TERM x", "--timeout 1 x", "--terminate --signal NONE x", "--header x"] {
            #expect(try project.run("celery revoke \(line)").status == 64)
        }
        try project.expect("celery status x", Ended("x\tUNKNOWN\n", status: 127))
    }
}

/// `celery revoke` at a RabbitMQ server.
@Suite(.blocking) struct RevokeRabbitMQTests {
    @Test func `a worker started later drops what was revoked, by id, name and header`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        func apply(_ words: String) throws -> String { try place.run("celery apply \(words)").text }
        let (one, two, three) = (
            try apply("demo.tasks.add 1"), try apply("demo.tasks.flaky"), try apply("demo.tasks.add 2 --header batch=7")
        )
        let four = try apply("demo.tasks.add 3")
        #expect(try place.run("celery revoke \(one)") == Ended("\(one)\tflagged\n"))
        #expect(try place.run("celery revoke --task demo.tasks.flaky --header batch=7").status == 0)
        // Whoever waits is told at once.
        #expect(try place.run("celery status \(one)") == Ended("\(one)\tREVOKED\n", status: 125))
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        #expect(try place.run("celery status \(two) \(three) \(four)") == Ended("\(two)\tREVOKED\n\(three)\tREVOKED\n\(four)\tSUCCESS\n", status: 125))
        _ = project
    }

    @Test func `ends what runs, and drops what a worker holds until its time`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("wait.sh", "#!/bin/sh\ntouch up\nexec sleep 600\n")
        try project.startWorker(with: place.variables())
        let id = try place.run("celery apply demo.tasks.wait").text
        #expect(eventually { project.exists("up") })
        let later = try place.run("celery apply demo.tasks.add 1 --countdown 50").text
        #expect(try place.run("celery revoke --terminate \(id)") == Ended("\(id)\tterminated\n"))
        #expect(try place.run("celery revoke \(later)").status == 0)
        #expect(eventually { project.log.contains("\(later)] not run: revoked") })
        try project.stopWorker()
        // Somebody wanted it.
        let lines = project.log.split(separator: "\n")
        #expect(lines.contains { $0.contains("INFO") && $0.contains("\(later)] not run: revoked") }, "\(project.log)")
        #expect(lines.contains { $0.contains("WARNING") && $0.contains("\(id)] revoked: terminated by signal TERM") }, "\(project.log)")
        #expect(!lines.contains { $0.contains("ERROR") }, "\(project.log)")
    }

    @Test func `a task that has begun keeps its result, however soon after its begin it is revoked`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("gate.sh", "#!/bin/sh\ntouch up.$1\nwhile test ! -e open; do sleep 0.02; done\necho through\n")
        try project.startWorker(with: place.variables())
        let id = try place.run("celery apply demo.tasks.gate 1").text
        #expect(eventually { project.exists("up.1") })
        #expect(try place.run("celery revoke \(id)") == Ended("\(id)\tflagged\n"))
        #expect(try place.run("celery result \(id)").status == 75)
        try project.write("", to: "open")
        #expect(try place.run("celery result --wait \(id)") == Ended("through\n"))
        try project.stopWorker()
    }
}
