import Fixtures
import Testing

/// `celery beat import-crontab`.
@Suite(.blocking) struct BeatImportTests {
    private static let crontab = """
        # nightly things
        MAILTO=me@example.org
        GREETING = "it's here"
        */5 * * * * echo "$GREETING"; cat; exit 3%one%two \\% three
        @reboot /usr/bin/on-boot
        CRON_TZ=Europe/Berlin
        0,30 4 * * 1-5 cd / && FOO=1 /opt/my.backup.sh --full >/dev/null
        0 0 30 2 * never
        @daily /opt/my.backup.sh

        """

    @Test func `makes a task of each line, and says what it cannot take over`() throws {
        let project = try Project()
        try project.write(Self.crontab, to: "old.cron")
        let made = """
            cron.tasks.echo\tcron/tasks/echo.sh\t*/5 * * * *
            cron.tasks.my_backup\tcron/tasks/my_backup.sh\t0,30 4 * * 1-5 Europe/Berlin
            cron.tasks.my_backup-2\tcron/tasks/my_backup-2.sh\t@daily Europe/Berlin

            """
        let dry = try project.run("celery beat import-crontab old.cron --dry-run")
        #expect(dry.output == made)
        #expect(!project.exists("cron"))
        let ended = try project.run("celery beat import-crontab - <old.cron")
        #expect(ended.output == made)
        #expect(ended.status == 65)
        #expect(ended.errors.contains("celery beat import-crontab: line 4: the task mails its output to me@example.org with /usr/sbin/sendmail, as cron does"))
        #expect(ended.errors.contains("celery beat import-crontab: line 5: "))
        #expect(ended.errors.contains("celery beat import-crontab: line 8: '0 0 30 2 *' is never due"))
        #expect(ended.errors.contains("hint: set INSTALLED_APPS = [\"demo\", \"cron\"] in "))

        try project.write(project.read("celery.toml").replacing("[\"demo\"]", with: "[\"demo\", \"cron\"]"), to: "celery.toml")
        #expect(try project.run("celery tasks").errors == "")
        let list = try project.run("celery beat list").lines.filter { $0.hasPrefix("cron.") }
        #expect(list.map { $0.split(separator: "\t").dropFirst().first?.split(separator: " ").last } == ["*", "Europe/Berlin", "Europe/Berlin"]
            || list.map { $0.split(separator: "\t").dropFirst().first?.split(separator: " ").last }.dropFirst() == ["Europe/Berlin", "Europe/Berlin"])

        // As cron would have run it.
        let waiting = try project.start("exec celery beat run cron.tasks.echo --wait")
        try project.startWorker()
        let run = try waiting.wait()
        #expect(run.status == 3)
        let id = try project.run("celery beat run cron.tasks.echo").text
        let result = try project.run("celery result --wait --json \(id)").output
        #expect(result.contains("\"exit_status\":3"))
    }

    @Test func `runs the command as cron does`() throws {
        let project = try Project()
        try project.write("SHELL=/bin/bash\nHOME=\(project.folder)\n* * * * * [[ $0 == /bin/bash ]]; echo \"$? $PWD\"; cat%one%two \\% three\n", to: "old.cron")
        _ = try project.run("celery beat import-crontab old.cron --app old.jobs").text
        let file = try project.run("ls old/jobs/tasks").text
        #expect(try project.run("echo ignored | \(project.path)/old/jobs/tasks/\(file)", in: "/").output == "0 \(project.folder)\none\ntwo % three\n")
    }

    @Test func `mails the output where MAILTO says, as cron does`() throws {
        let project = try Project()
        try project.write("#!/bin/sh\n{ echo \"$@\"; cat; } >>'\(project.path)/mail'\n", to: "mailer", mode: "755")
        try project.write(
            """
            SENDMAIL=\(project.path)/mailer
            MAILTO=me@example.org
            MAILFROM=cron@example.org
            * * * * * /bin/echo out; echo problem >&2; cat; exit 3%input % more
            * * * * * /bin/true
            MAILTO=
            * * * * * /bin/date

            """, to: "old.cron")
        let ended = try project.run("celery beat import-crontab old.cron --json")
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.output.matches(of: #/"mailto":([^}]*)\}/#).map { String($0.1) } == ["\"me@example.org\"", "\"me@example.org\"", "null"])
        #expect(ended.errors.contains("line 4: the task mails its output to me@example.org with \(project.path)/mailer, as cron does\n"))
        try project.write(project.read("celery.toml").replacing("[\"demo\"]", with: "[\"demo\", \"cron\"]"), to: "celery.toml")

        let waiting = try project.start("exec celery beat run cron.tasks.echo --wait")
        _ = try project.run("mkdir tmp").text
        try project.startWorker("", with: ["TMPDIR": "\(project.path)/tmp"])
        #expect(try waiting.wait().status == 3)
        let mail = project.read("mail")
        #expect(mail.hasPrefix("-i -t\nFrom: cron@example.org\nTo: me@example.org\nSubject: cron.tasks.echo on "), "\(mail)")
        #expect(mail.contains(" ended with status 3\n") && mail.contains("charset=UTF-8\n\n"))
        #expect(Set(mail.split(separator: "\n").suffix(4)) == ["out", "problem", "input ", " more"], "\(mail)")
        // stderr is the traceback, as ever.
        #expect(project.log.contains("problem"))
        // No output, no mail; and none where MAILTO is empty.
        for task in ["true", "date"] { #expect(try project.run("celery beat run cron.tasks.\(task) --wait").status == 0) }
        #expect(project.read("mail") == mail)
        // A mail that cannot be sent is said, and changes nothing else.
        try project.write("#!/bin/sh\nexit 1\n", to: "mailer", mode: "755")
        #expect(try project.run("celery beat run cron.tasks.echo --wait").status == 3)
        #expect(eventually { project.log.contains("the output could not be mailed to me@example.org") })
        try project.stopWorker()
        #expect(try project.run("ls tmp").output == "")
    }

    @Test func `never writes over a file`() throws {
        let project = try Project()
        try project.write("* * * * * /bin/one\n* * * * * /bin/two\n", to: "old.cron")
        try project.write("mine", to: "cron/tasks/two.py")
        let ended = try project.run("celery beat import-crontab old.cron")
        #expect(ended.status == 73)
        #expect(ended.output == "")
        #expect(ended.errors.hasPrefix("celery beat import-crontab: cron/tasks/two.py already exists\n"))
        #expect(!project.exists("cron/tasks/one.sh"))
        #expect(project.read("cron/tasks/two.py") == "mine")
    }

    @Test func `takes of a system's crontab what is ours`() throws {
        let project = try Project()
        try project.write("* * * * * $(id -un) /bin/one\n* * * * * www-data /bin/two\n".replacing("$(id -un)", with: try project.run("id -un").text), to: "old.cron")
        let ended = try project.run("celery beat import-crontab --system old.cron")
        #expect(ended.status == 65)
        #expect(ended.output == "cron.tasks.one\tcron/tasks/one.sh\t* * * * *\n")
        #expect(ended.errors.contains("line 2: it runs as www-data; import it as that user"))
    }

    @Test func `needs a project and a file`() throws {
        let project = try Project()
        #expect(try project.run("celery beat import-crontab none.cron").status == 65)
        #expect(try project.run("celery beat import-crontab /dev/null", in: project.folder).status == 78)
        #expect(try project.run("celery beat import-crontab /dev/null --app a/b").status == 64)
        try project.expect("celery beat import-crontab /dev/null", Ended())
    }
}
