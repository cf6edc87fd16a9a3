import CeleryCore
import Testing

/// `startproject`, `tasks`, `queues`, `purge`, `syncdb`, `completion`, `help`, `version`.
@Suite(.blocking) struct ProjectCommandTests {
    @Test func `makes a project and never touches what is there`() throws {
        let project = try Project()
        let ended = try project.run("celery startproject shop")
        #expect(ended == Ended("""
            shop/celery.toml
            shop/shop/tasks/add.sh
            shop/shop/tasks/square.sh
            shop/shop/tasks/shout.sh
            shop/shop/tasks/flaky.sh

            """, errors: "next: cd shop && celery celeryd --detach && celery apply shop.tasks.add 2 3 --wait\n"))
        try project.expect(
            "celery startproject shop",
            Ended(errors: "celery startproject: cannot create folder shop: file exists\n", status: 73))
        for name in ["9x", "a-b", "a/b", ".x", "''"] {
            #expect(try project.run("celery startproject \(name)").status == 64, "\(name)")
        }
        #expect(try project.run("celery startproject other --json -q").lines.first == "{\"file\":\"other/celery.toml\"}")
    }

    @Test func `makes a project that nobody else may write, whatever the umask`() throws {
        let project = try Project()
        let modes = try project.run("umask 002; celery startproject -q shop >/dev/null; stat -c %a shop shop/celery.toml shop/shop/tasks shop/shop/tasks/add.sh")
        #expect(modes == Ended("755\n644\n755\n755\n"))
    }

    @Test func `lists tasks, options and problems`() throws {
        let project = try Project()
        try project.expect("celery tasks", Ended("""
            demo.tasks.add\tdemo/tasks/add.sh
            demo.tasks.flaky\tdemo/tasks/flaky.sh\tretry_delay=1
            demo.tasks.shout\tdemo/tasks/shout.sh
            demo.tasks.square\tdemo/tasks/square.sh\ttime_limit=10
            celery.run\tany command

            """))
        try project.expect(
            "celery tasks --json | tail -2 | head -1",
            Ended("{\"task\":\"demo.tasks.square\",\"source\":\"demo/tasks/square.sh\",\"options\":{\"time_limit\":\"10\"}}\n"))
        try project.task("typo.sh", "#!/bin/sh\n# celery: max_retrys=3\n")
        try project.write("#!/bin/sh\n", to: "demo/tasks/locked.sh")
        let ended = try project.run("celery tasks")
        #expect(ended.status == 65)
        #expect(ended.lines.count == 5)
        #expect(ended.errors == """
            celery tasks: demo/tasks/locked.sh: is not executable; chmod +x demo/tasks/locked.sh
            celery tasks: demo/tasks/typo.sh:2: unknown option 'max_retrys'; did you mean 'max_retries'?

            """)
    }

    @Test func `lists the tasks that workers know`() throws {
        let project = try Project()
        try project.expect("celery tasks --remote", Ended())
        try project.startWorker("-n one@host")
        #expect(try project.run("celery tasks --remote").lines.first == "demo.tasks.add\tone@host")
        #expect(try project.run("celery tasks --remote --json").lines.first == "{\"task\":\"demo.tasks.add\",\"workers\":[\"one@host\"]}")
    }

    @Test func `says that there are no tasks, and why`() throws {
        let project = try Project()
        #expect(try project.run("celery tasks --settings /dev/null").errors.hasSuffix(
            "hint: name the folders of your apps in INSTALLED_APPS in celery.toml\n"))
    }

    @Test func `counts what waits, and erases it`() throws {
        let project = try Project()
        try project.expect("celery queues", Ended())
        for options in ["-Q a", "-Q a --countdown 1h", "-Q b"] { _ = try project.apply("demo.tasks.add \(options)") }
        try project.expect("celery queues", Ended("queue\tready\tscheduled\trunning\tconsumers\na\t1\t1\t0\t0\nb\t1\t0\t0\t0\n"))
        #expect(try project.run("celery queues --json").lines.last
            == "{\"queue\":\"b\",\"ready\":1,\"scheduled\":0,\"running\":0,\"consumers\":0,\"paused\":null}")
        try project.expect(
            "celery purge",
            Ended(errors: "celery purge: this would erase all messages waiting in all queues\nhint: add --force to confirm\n", status: 64))
        try project.expect("celery purge -Q a --force", Ended("Erased 2 messages from queue a.\n"))
        try project.expect("celery purge --force --json", Ended("{\"erased\":1}\n"))
        try project.expect("celery queues", Ended())
    }

    @Test func `creates tables, once`() throws {
        let project = try Project()
        let file = "\(project.path)/celery.db"
        try project.expect("celery syncdb --check", Ended("\(file): missing\n", status: 1))
        let sql = try project.run("celery syncdb --dry-run")
        #expect(sql.status == 0)
        #expect(!project.exists("celery.db"))
        try project.expect("sqlite3 :memory:", input: sql.output, Ended())
        try project.expect("celery syncdb", Ended("\(file): created\n"))
        try project.expect("celery syncdb", Ended("\(file): complete\n"))
        try project.expect("celery syncdb --check --json", Ended("{\"database\":\"\(file)\",\"state\":\"complete\"}\n"))
        try project.expect("celery syncdb --dry-run", Ended())
    }

    @Test func `adds the tables that a file of an earlier build lacks`() throws {
        let project = try Project()
        let file = "\(project.path)/celery.db"
        _ = try project.run("celery syncdb").text
        try project.expect("sqlite3 celery.db 'DROP TABLE beat_order; DROP TABLE beat; PRAGMA user_version = 1'", Ended())
        try project.expect("celery syncdb --check", Ended("\(file): outdated\n", status: 1))
        let sql = try project.run("celery syncdb --dry-run")
        #expect(sql.output.contains("CREATE TABLE IF NOT EXISTS beat_order"))
        try project.expect("celery syncdb --check", Ended("\(file): outdated\n", status: 1))
        try project.expect("celery syncdb", Ended("\(file): upgraded\n"))
        try project.expect("celery syncdb --check", Ended("\(file): complete\n"))
    }

    @Test func `says the same as help, --help and the manual`() throws {
        let project = try Project()
        for command in ["celeryd", "apply", "status", "result", "dmap", "tasks", "queues", "purge", "syncdb", "startproject", "completion", "help", "version"] {
            let help = try project.run("celery help \(command)")
            #expect(help.status == 0)
            #expect(help.output.hasPrefix("Usage: celery \(command)"))
            #expect(try project.run("celery \(command) --help") == help)
            #expect(try project.run("celery \(command) -h") == help)
        }
        #expect(try project.run("celery help worker") == project.run("celery help celeryd"))
        #expect(try project.run("celery help") == project.run("celery --help"))
        try project.expect(
            "celery help aply",
            Ended(errors: "celery help: unknown command 'aply'; did you mean 'apply'?\n", status: 64))
    }

    @Test func `tells its version`() throws {
        let project = try Project()
        try project.expect("celery version", Ended("celery 0.9.0\n"))
        try project.expect("celery --version", Ended("celery 0.9.0\n"))
        try project.expect("celery apply -V", Ended("celery 0.9.0\n"))
        try project.expect("celery version --json", Ended("{\"version\":\"0.9.0\"}\n"))
    }
}
