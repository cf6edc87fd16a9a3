import Testing

/// What is said of command lines, settings and files that cannot be used.
@Suite(.blocking) struct UsageErrorTests {
    @Test(arguments: [
        ("celery", "celery: no command given\nhint: 'celery --help' lists the commands\n"),
        ("celery aply x", "celery: unknown command 'aply'; did you mean 'apply'?\n"),
        ("celery xyzzy", "celery: unknown command 'xyzzy'\nhint: 'celery --help' lists the commands\n"),
        ("celery status --wiat", "celery status: unknown option '--wiat'; did you mean '--wait'?\n"),
        ("celery apply --queue", "celery apply: option '--queue' needs a value QUEUE\n"),
        ("celery celeryd --detach=yes", "celery celeryd: option '--detach' takes no value\n"),
        ("celery celeryd -c 0", "celery celeryd: '0' is less than 1 (for -c)\n"),
        ("celery celeryd -c four", "celery celeryd: 'four' is not a whole number (for -c)\n"),
        ("celery celeryd extra", "celery celeryd: unexpected operand 'extra'\nhint: see 'celery celeryd --help'\n"),
        ("celery celeryd --umask 9", "celery celeryd: '9' is not a mode (for --umask); write octal digits, such as 022\n"),
        (
            "celery celeryd -Q a=0",
            "celery celeryd: 'a=0' has the weight 0, which must be from 1 to 1000 (for -Q)\n"
        ),
        (
            "celery celeryd --detach -Q a=1,b,a=2",
            "celery celeryd: 'a=1,b,a=2' gives queue 'a' both the weight 1 and the weight 2 (for -Q)\n"
        ),
        (
            "celery celeryd -Q b=2,b",
            "celery celeryd: 'b=2,b' gives queue 'b' both the weight 2 and the weight 1 (for -Q)\n"
        ),
        (
            "celery revoke ''",
            "celery revoke: an id is empty\nhint: write ids as 'celery apply' prints them; --task NAME is for all tasks of a name\n"
        ),
        ("celery revoke x --ttl 0", "celery revoke: --ttl must be greater than 0\n"),
        (
            "celery dead list --reason 'x y'",
            "celery dead list: 'x y' is not a reason of dead letters (for --reason); write signal, 'out of memory', "
                + "lost, unregistered, unreadable, rejected, expired, maxlen, delivery_limit, unknown, or 'signal 9'\n"
        ),
        ("celery dead list --since 1h --until 2h", "celery dead list: --until must be later than --since\n"),
        (
            "celery dead replay --all --to 'a b'",
            "celery dead replay: 'a b' is not the name of a queue (for --to); write up to 255 bytes without spaces or commas\n"
        ),
        (
            "celery apply demo.tasks.add 1 2 -Q 'a b'",
            "celery apply: 'a b' is not the name of a queue (for -Q); write up to 255 bytes without spaces or commas\n"
        ),
        (
            "celery apply demo.tasks.add 1 2 --queue amq.x",
            "celery apply: 'amq.x' is not the name of a queue (for --queue); write one that does not begin with amq., which RabbitMQ reserves\n"
        ),
        (
            "celery apply demo.tasks.add 1 2 --exchange $'a\\nb' --routing-key k",
            "celery apply: 'a\\u{a}b' is not the name of an exchange (for --exchange); write up to 255 bytes without control characters\n"
        ),
        (
            "celery dmap demo.tasks.add 1 --routing-key $'a\\eb'",
            "celery dmap: 'a\\u{1b}b' is not a routing key (for --routing-key); write up to 255 bytes without control characters\n"
        ),
        (
            "celery celeryd -Q 'a b'",
            "celery celeryd: 'a b' is not the name of a queue (for -Q); write up to 255 bytes without spaces or commas\n"
        ),
        (
            "celery queues pause $'a\\tb'",
            "celery queues pause: 'a\\u{9}b' is not the name of a queue; write up to 255 bytes without spaces or commas\n"
        ),
        (
            "celery purge --force -Q 'a b'",
            "celery purge: 'a b' is not the name of a queue (for -Q); write up to 255 bytes without spaces or commas\n"
        ),
        (
            "celery rabbit-setup --dry-run -Q 'a b'",
            "celery rabbit-setup: 'a b' is not the name of a queue (for -Q); write up to 255 bytes without spaces or commas\n"
        ),
        ("celery -v amqp://me:secret@h status", "celery: unknown command 'amqp://me:***@h'\nhint: 'celery --help' lists the commands\n"),
        (
            "celery events --type 'task failed'",
            "celery events: 'task failed' is not an event type (for --type); write task-sent, task-received, task-started, "
                + "task-succeeded, task-failed, task-retried, task-revoked, task-rejected, task-cancelled, worker-online, "
                + "worker-heartbeat, worker-offline, worker-elect, worker-elect-ack, or a prefix: task, worker\n"
        ),
        ("celery inspect active --timeout 0", "celery inspect: --timeout must be greater than 0\n"),
        ("celery control shutdown --matcher pcre", "celery control: --matcher goes with --pattern\n"),
        ("celery stats --since tomorrow", "celery stats: 'tomorrow' is in the future (for --since); name a past time\n"),
        ("celery dead list --since tomorrow", "celery dead list: --since is in the future\n"),
        ("celery result", "celery result: operand ID is missing\nhint: see 'celery result --help'\n"),
        ("celery dmap", "celery dmap: operand TASK is missing\nhint: see 'celery dmap --help'\n"),
        ("celery completion tcsh", "celery completion: 'tcsh' is not one of bash, zsh, fish\n"),
        ("celery --workdir /no/such status", "celery status: cannot change to folder /no/such: no such file or directory\n"),
        ("celery apply $'\\xff'", "celery apply: argument 2 is not valid UTF-8: '\\xFF'\n"),
        ("celery apply x --queue $'a\\xff'", "celery apply: argument 4 is not valid UTF-8: 'a\\xFF'\n"),
        ("celery apply x $'-\\xff'", "celery apply: argument 3 is not valid UTF-8: '-\\xFF'\n"),
        ("celery result $'\\xff'", "celery result: argument 2 is not valid UTF-8: '\\xFF'\n"),
    ])
    func `64 for a command line that cannot be used`(_ line: String, _ errors: String) throws {
        #expect(try Project().run(line) == Ended(errors: errors, status: 64))
    }

    @Test(arguments: [
        ("CELERYD_CONCURENCY = 2", "celery.toml:1: unknown setting 'CELERYD_CONCURENCY'; did you mean 'CELERYD_CONCURRENCY'?\n"),
        ("\nCELERYD_CONCURRENCY = \"two\"", "celery.toml:2: CELERYD_CONCURRENCY must be a whole number, not \"two\"\n"),
        (
            "CELERY_QUEUES = [\"a=2\", \"b\", \"a=3\"]",
            "celery.toml:1: CELERY_QUEUES gives queue 'a' both the weight 2 and the weight 3\n"
        ),
        ("CELERY_ALWAYS_EAGER = true", "celery.toml:1: CELERY_ALWAYS_EAGER is not supported by this version\n"),
        ("CELERY_BROKER_URL = \"reddis://h\"", "unknown scheme 'reddis' in broker reddis://h; did you mean 'redis'?\n"),
        ("AMQP_PASSWORD = 7", "celery.toml:1: AMQP_PASSWORD must be text in quotes, not a whole number\n"),
    ])
    func `78 for settings that cannot be used`(_ text: String, _ errors: String) throws {
        let project = try Project()
        try project.write(text + "\n", to: "celery.toml")
        try project.expect("celery apply x", Ended(errors: "celery apply: " + errors, status: 78))
    }

    @Test func `names the line of settings that are not TOML`() throws {
        let project = try Project()
        try project.write("INSTALLED_APPS = [\"demo\"]\nAMQP_PASSWORD = \"sesame\n", to: "celery.toml")
        let ended = try project.run("celery apply x")
        #expect(ended.status == 78)
        #expect(ended.errors.hasPrefix("celery apply: celery.toml:2: "))
        #expect(!ended.errors.contains("sesame"))
    }

    @Test func `names settings that are not there`() throws {
        let project = try Project()
        try project.expect(
            "celery --settings other.toml tasks",
            Ended(errors: "celery tasks: cannot read other.toml: no such file or directory\n", status: 78))
        #expect(try project.run("celery tasks", with: ["CELERY_SETTINGS": "other.toml"]).status == 78)
    }

    @Test func `takes flags before the environment, and that before the file`() throws {
        let project = try Project()
        try project.write("INSTALLED_APPS = [\"demo\"]\nCELERY_DEFAULT_QUEUE = \"file\"\n", to: "celery.toml")
        _ = try project.apply("demo.tasks.add")
        _ = try project.run("celery apply demo.tasks.add", with: ["CELERY_DEFAULT_QUEUE": "variable"]).text
        _ = try project.run("celery apply demo.tasks.add -Q flag", with: ["CELERY_DEFAULT_QUEUE": "variable"]).text
        #expect(try project.run("celery queues").lines.dropFirst().map { $0.prefix { $0 != "\t" } } == ["file", "flag", "variable"])
        let verbose = try project.run("celery tasks -v", with: ["CELERYD_CONCURRENCY": "3"]).errors
        #expect(verbose.contains("CELERYD_CONCURRENCY: from CELERYD_CONCURRENCY in the environment\n"))
        #expect(verbose.contains("CELERY_DEFAULT_QUEUE: from celery.toml:2\n"))
    }

    @Test func `finds the settings from any folder below, or from --workdir`() throws {
        let project = try Project()
        let tasks = try project.run("celery tasks")
        #expect(tasks.lines.count == 5)
        try project.expect("cd demo/tasks && celery tasks", tasks)
        try project.expect("cd / && celery --workdir '\(project.path)' tasks", tasks)
        try project.expect("cd / && celery tasks --settings '\(project.path)/celery.toml'", tasks)
        try project.expect("cd / && CELERY_SETTINGS='\(project.path)/celery.toml' celery tasks", tasks)
        try project.expect(
            "cd / && celery tasks --workdir '\(project.path)/demo' && cd '\(project.path)/demo' && celery syncdb",
            Ended(tasks.output + "\(project.path)/celery.db: created\n"))
    }

    @Test func `accepts the five lines of the original's README`() throws {
        let project = try Project()
        try project.write("""
            AMQP_SERVER = "localhost"
            AMQP_PORT = 1
            AMQP_USER = "myuser"
            AMQP_PASSWORD = "mypassword"
            AMQP_VHOST = "myvhost"

            """, to: "celery.toml")
        #expect(try project.run("celery tasks").status == 0)
        try project.expect("celery apply demo.tasks.add 1", Ended(
            errors: """
                celery apply: cannot reach broker amqp://myuser:***@localhost:1/myvhost: connection refused
                hint: start RabbitMQ, or name another broker with --broker URL

                """, status: 69))
    }

    @Test func `leaves the database of another program alone`() throws {
        let project = try Project()
        _ = try project.run("sqlite3 celery.db 'CREATE TABLE mine (x); PRAGMA user_version = 7'").text
        let before = try project.run("md5sum celery.db").text
        for command in ["apply demo.tasks.add", "celeryd", "status", "syncdb", "queues", "celeryd --detach"] {
            let ended = try project.run("celery \(command)")
            #expect(ended.status == 65, "\(command)")
            #expect(ended.errors.contains("\(project.path)/celery.db is a SQLite database of another program\nhint: "))
        }
        #expect(try project.run("md5sum celery.db").text == before)
    }

    @Test func `refuses the database of a later version`() throws {
        let project = try Project()
        _ = try project.run("celery syncdb && sqlite3 celery.db 'PRAGMA user_version = 99'").text
        try project.expect("celery apply demo.tasks.add", Ended(
            errors: """
                celery apply: \(project.path)/celery.db was written by a newer celery (layout 99; this one reads up to 5)
                hint: use the newer celery; the file was left unchanged

                """, status: 65))
    }
}
