import CeleryCore
import Fixtures
import Testing

/// Mails to the administrators, as a user sets them up.
@Suite(.blocking) struct ErrorMailTests {
    private func project(_ server: MailServer, _ more: String = "") throws -> Project {
        let project = try Project()
        let settings = """
            ADMINS = [["Ann", "ann@example.com"], "ops@example.com"]
            SERVER_EMAIL = "celery@example.com"
            EMAIL_HOST = "127.0.0.1"
            EMAIL_PORT = \(server.port)
            EMAIL_TIMEOUT = 60
            \(more)

            """
        _ = try project.run("{ cat; cat celery.toml; } >new.toml && mv new.toml celery.toml", input: settings).text
        try project.task("fail.sh", "#!/bin/sh\necho 'disk full' >&2; exit 3\n")
        try project.task("quiet.sh", "#!/bin/sh\n# celery: disable_error_emails=yes\nexit 3\n")
        try project.task("fine.sh", "#!/bin/sh\necho fine\n")
        return project
    }

    @Test func `a failed task is told with its arguments, without secrets, and with what it wrote`() throws {
        let server = try MailServer()
        let project = try project(server)
        try project.startWorker()
        let id = try project.run("celery apply demo.tasks.fail a.jpg password=sesame width=400").text
        for name in ["quiet", "fine"] { _ = try project.run("celery apply demo.tasks.\(name) --wait --timeout 30") }
        #expect(eventually { server.mails.count == 1 })
        try project.stopWorker()
        let mail = try #require(server.mails.first)
        #expect(server.mails.count == 1)
        #expect(mail.recipients == ["ann@example.com", "ops@example.com"] && mail.sender == "celery@example.com")
        #expect(mail.subject.contains("Error: Task demo.tasks.fail (\(id)): CalledProcessError: demo.tasks.fail returned exit status 3"))
        for part in ["a.jpg", "400", "disk full", "celery: celery@"] { #expect(mail.body.contains(part)) }
        #expect(!mail.body.contains("sesame") && mail.body.contains("***"))
    }

    @Test func `many failures make few mails, and none is lost while the server is down`() throws {
        let server = try MailServer(isOpen: false)
        let project = try project(server)
        let batch = String(repeating: "{\"task\": \"demo.tasks.fail\", \"kwargs\": {\"password\": \"sesame\"}}\n", count: 200)
        _ = try project.run("celery apply --batch -", input: batch).text
        #expect(try project.run("celery celeryd --burst -c2").errors.contains("cannot send mail to ADMINS by 127.0.0.1:\(server.port)"))
        try server.open()
        _ = try project.run("celery celeryd --burst -c1 -q").text
        #expect(eventually { server.mails.count >= 1 })
        #expect(server.mails.count == 1 && !server.mails.contains { $0.body.contains("sesame") })
        #expect(project.read("celery.mail/state").contains("\"total\":200"))
        #expect(try project.run("grep -r sesame celery.mail; stat -c %a celery.mail").output == "700\n")
    }

    @Test func `an unknown task is told as a dead letter`() throws {
        let server = try MailServer()
        let project = try project(server)
        _ = try project.run("celery apply no.such.task -q")
        let ended = try project.run("celery celeryd --burst -c1")
        #expect(eventually { server.mails.count == 1 }, "\(ended)")
        #expect(server.mails.first?.subject.contains("Error: Dead letter of task no.such.task") == true)
        #expect(server.mails.first?.body.contains("celery dead list") == true)
    }

    @Test func `the alarm of a periodic task is told, too`() throws {
        let server = try MailServer()
        let project = try project(server)
        _ = try project.run("cat >>celery.toml", input: "\n[beat.often]\ntask = 'demo.tasks.quiet'\nevery = 1\nalarm_after = 1\n").text
        try project.startWorker("-B")
        #expect(eventually(within: .seconds(60)) { !server.mails.isEmpty })
        try project.stopWorker()
        #expect(server.mails.first?.subject.contains("Error: Periodic task often: Failing: it has failed ") == true)
    }

    @Test func `nothing is sent without ADMINS, or when that is not wanted`() throws {
        let server = try MailServer()
        let project = try project(server, "SEND_CELERY_TASK_ERROR_EMAILS = false")
        _ = try project.run("celery apply demo.tasks.fail").text
        _ = try project.run("celery celeryd --burst -c1 -q").text
        #expect(!project.exists("celery.mail") && server.mails.isEmpty)
    }

    @Test(arguments: [
        ("ADMINS = 'x'", "ADMINS must be a list such as [[\"Ann\", \"ann@example.com\"]]"), ("ADMINS = ['no address']", "ADMINS contains \"no address\", which is no address"),
        ("ADMINS = [['a', 'b', 'c']]", "ADMINS must contain addresses, or pairs"), ("SERVER_EMAIL = 'x'", "SERVER_EMAIL must be an address"),
        ("EMAIL_USE_TLS = true\nEMAIL_USE_SSL = true", "EMAIL_USE_TLS and EMAIL_USE_SSL are both true"), ("EMAIL_PORT = 0", "EMAIL_PORT must be from 1 to 65535"),
    ])
    func `a mistake in the settings is told before anything is done`(line: String, message: String) throws {
        let project = try Project()
        _ = try project.run("{ cat; cat celery.toml; } >new.toml && mv new.toml celery.toml", input: line + "\n").text
        let ended = try project.run("celery celeryd --burst")
        #expect(ended.status == 78 && ended.errors.contains(message), "\(ended)")
    }
}
