import CeleryCore
import Fixtures
import Glibc
import Testing

/// Attempts at having a worker run what its user did not ask for.
@Suite(.blocking) struct RunAttackTests {
    /// Changes the messages of the database with a line of Python: `h` are the headers, `args`, `kw` the arguments.
    private func forge(_ change: String, _ project: Project) throws {
        let script = """
            import json, sqlite3, sys
            db = sqlite3.connect("celery.db")
            for tag, id, headers, body in db.execute("SELECT tag, id, headers, body FROM message").fetchall():
                h = json.loads(headers)
                args, kw, embed = json.loads(body)
                \(change)
                db.execute("UPDATE message SET id = ?, headers = ?, body = ? WHERE tag = ?",
                    (h["id"], json.dumps(h).encode(), json.dumps([args, kw, embed]).encode(), tag))
            db.commit()
            """
        _ = try project.run("python3 -", input: script).text
    }

    private static let forgeries: [(String, String)] = [
        ("del h['celery_signature']", "the command is not signed"),
        ("h['celery_signature'] = None", "the signature does not fit"),
        ("h['celery_signature'] = '1:' + '0' * 64", "the signature does not fit"),
        ("h['celery_signature'] = h['celery_signature'][:-1]", "the signature does not fit"),
        ("h['celery_signature'] = {'x': h['celery_signature']}", "the signature does not fit"),
        ("args[1] = 'attacked'", "the signature does not fit"),
        ("args.append('attacked')", "the signature does not fit"),
        ("args[:] = ['touch ' + args[1]]", "the signature does not fit"),
        ("args[:] = ['sh', '-c', 'touch attacked']", "the signature does not fit"),
        ("kw['folder'] = '/tmp'", "the signature does not fit"),
        ("kw['environment']['LD_PRELOAD'] = '/tmp/x.so'", "the signature does not fit"),
        ("kw['environment']['PATH'] = '/tmp'", "the signature does not fit"),
        ("kw['umask'] = '0000'", "the signature does not fit"),
        ("kw['shell'] = True", "the signature does not fit"),
        ("h['id'] = 'another'", "the signature does not fit"),
        ("del h['celery_after']", "the signature does not fit"),
        ("h['expires'] = None", "the signature does not fit"),
    ]

    @Test(arguments: forgeries.indices) func `a message that is not as it was signed does not run, nor is it tried again`(_ index: Int) throws {
        let project = try Project()
        let (change, reason) = Self.forgeries[index]
        let first = try project.run("celery apply demo.tasks.add 1").text
        _ = try project.run("celery celeryd --burst -q").text
        let id = try project.run("celery run --after \(first) --expires 1h --max-retries 5 --retry-delay 0 --header autoretry=any touch ran").text
        try forge(change, project)
        _ = try project.run("celery celeryd --burst -q")
        let shown = change.contains("another") ? "another" : id
        let ended = try project.run("celery result \(shown)")
        #expect(ended.errors.hasPrefix("PermissionError: \(reason)"), "\(change): \(ended)")
        #expect(ended.status == 77)
        #expect(try project.run("celery status -l \(shown)").output.contains("\tFAILURE"))
        for file in ["ran", "attacked", "/tmp/ran"] { #expect(!project.exists(file)) }
    }

    @Test func `the same message as it was signed runs`() throws {
        let project = try Project()
        let id = try project.run("celery run touch ran").text
        try forge("pass", project)
        _ = try project.run("celery celeryd --burst -q").text
        #expect(try project.run("celery result \(id)").status == 0)
        #expect(project.exists("ran"))
    }

    @Test func `a command signed with another key does not run`() throws {
        let project = try Project()
        let id = try project.run("celery run touch ran").text
        _ = try project.run("mv celery.db.key old.key; celery run --countdown 1h true").text
        #expect(try project.run("cmp celery.db.key old.key").status == 1)
        _ = try project.run("celery celeryd --burst -q")
        #expect(try project.run("celery result \(id)").status == 77)
        #expect(!project.exists("ran"))
        // Nor does one without any key, or in another project.
        let later = try project.run("celery run touch ran").text
        _ = try project.run("rm celery.db.key; celery celeryd --burst -q")
        #expect(try project.run("celery result \(later)").errors.hasPrefix("PermissionError: there is no key "))
        #expect(!project.exists("ran"))
    }

    @Test func `tasks that others send cannot name a command`() throws {
        let project = try Project()
        _ = try project.apply("demo.tasks.add touch --link celery.run --link-error celery.run")
        #expect(try project.run("celery apply celery.run touch ran").status == 64)
        #expect(try project.run("celery apply --batch -", input: #"{"task": "celery.run", "args": ["touch", "ran"]}"# + "\n").status == 64)
        #expect(try project.run("celery dmap celery.run ran").status == 64)
        try forge("h['task'] = 'celery.run'; args[:] = ['touch', 'ran']; kw.update(folder='\(project.path)', environment={}, umask='0022')", project)
        _ = try project.run("sqlite3 celery.db \"UPDATE message SET task = 'celery.run'\"").text
        _ = try project.run("celery celeryd --burst -q")
        #expect(!project.exists("ran"))
    }

    private static let places: [(change: String, reason: String)] = [
        ("chmod 666 celery.db", "/celery.db is writable by every user"), ("chmod 660 celery.db", "/celery.db is writable by the group"),
        ("chmod 777 .", " is writable by every user"), ("chmod 1777 .", " is writable by every user"),
        ("chmod 770 .", " is writable by the group"), ("chmod 777 ..", " is writable by every user"),
        ("chmod 604 celery.db.key", "others can read the key"), ("chmod 640 celery.db.key", "others can read the key"),
        ("mv celery.db.key k; ln -s k celery.db.key", "it is a link"),
        ("chmod 666 celery.toml", "/celery.toml is writable by every user"),
    ]

    @Test(arguments: places.indices)
    func `where others could write or read the key, nothing is sent, and a worker runs nothing`(_ index: Int) throws {
        let project = try Project()
        let (change, reason) = Self.places[index]
        let waiting = try project.run("celery run touch ran").text
        _ = try project.run(change).text
        let ended = try project.run("celery run touch ran")
        #expect(ended.status == 77 && ended.output.isEmpty)
        #expect(ended.errors.hasPrefix("celery run: commands are not allowed here: ") && ended.errors.contains(reason), "\(ended)")
        #expect(ended.errors.contains("\nhint: "), "\(ended)")
        #expect(try !project.run("celery tasks").output.contains("celery.run"))
        _ = try project.run("celery celeryd --burst -q")
        #expect(!project.exists("ran"))
        let failed = try project.run("celery result \(waiting)")
        #expect(failed.status == 77 && failed.errors.contains("PermissionError: this worker runs no commands: "), "\(failed)")
        // It is a dead letter, so that it can be sent again when the place is safe.
        #expect(try project.run("celery dead list").output.contains("celery.run"))
    }

    @Test func `a place that becomes unsafe while a worker runs is noticed with the next command`() throws {
        let project = try Project()
        try project.startWorker()
        #expect(try project.run("celery run --wait true").status == 0)
        // It sees the command only when the place is unsafe.
        try project.haltWorker()
        let id = try project.run("celery run touch ran; chmod 777 .").text
        try project.signalWorker(SIGCONT)
        #expect(try project.run("celery result --wait \(id)").status == 77)
        #expect(!project.exists("ran"))
        _ = try project.run("chmod 755 .").text
        #expect(try project.run("celery run --wait true").status == 0)
    }

    @Test(.enabled(if: getuid() == 0, "needs root, which may give files away"))
    func `a worker of root runs nothing in another user's project`() throws {
        let project = try Project()
        _ = try project.run("celery run touch ran").text
        _ = try project.run("chown -R nobody .").text
        let ended = try project.run("celery run touch ran")
        #expect(ended.status == 77 && ended.errors.contains(" belongs to user nobody, not to root\nhint: "), "\(ended)")
        _ = try project.run("celery celeryd --burst -q")
        #expect(!project.exists("ran"))
    }

    @Test func `patterns decide what may run, wherever the message is signed`() throws {
        let project = try Project()
        let rules = ["CELERY_COMMAND_PATTERNS": "printf ...,touch allowed,/bin/echo *,env", "CELERY_COMMAND_ENVIRONMENT": "MODE"]
        let sent = try project.run("celery run touch ran; celery run touch allowed; celery run --env EVIL=1 printf x; celery run env").lines
        try #require(sent.count == 4)
        let ended = try project.run("celery run touch ran", with: rules)
        #expect(ended.status == 77 && ended.errors.contains("no pattern of CELERY_COMMAND_PATTERNS allows this command\nhint: "), "\(ended)")
        #expect(try project.run("celery run touch ran", with: ["CELERY_COMMAND_PATTERNS": ","]).status == 77)
        try project.write("#!/bin/sh\necho attacked\n", to: "bin/printf", mode: "755")
        let other = try project.run("PATH=$PWD/bin:$PATH celery run printf good").text
        let mode = try project.run("celery run --env MODE=1 --env LC_ALL=C /bin/echo x").text
        _ = try project.run("celery celeryd --burst -q", with: rules)
        #expect(try project.run("celery result \(sent[0])").errors == "PermissionError: no pattern of CELERY_COMMAND_PATTERNS allows this command\n")
        #expect(try project.run("celery result \(sent[1])").status == 0)
        #expect(try project.run("celery result \(sent[2])").errors == "PermissionError: the variable EVIL is not in CELERY_COMMAND_ENVIRONMENT\n")
        #expect(try project.run("celery result \(sent[3])").output.contains("PATH=\(project.environment["PATH"] ?? "")\n"))
        // The PATH of the worker counts, not that of the message.
        #expect(try project.run("celery result \(other)").text == "good")
        #expect(try project.run("celery result \(mode)").text == "x")
        #expect(!project.exists("ran") && project.exists("allowed"))
    }

    @Test func `two processes that make the key at once use one`() throws {
        let project = try Project()
        _ = try project.run("celery syncdb; for i in 1 2 3 4 5 6 7 8; do celery run echo $i & done; wait").text
        _ = try project.run("celery celeryd --burst -q").text
        #expect(try project.run("sqlite3 celery.db \"SELECT state, count(*) FROM result GROUP BY 1\"").text == "SUCCESS|8")
        #expect(try project.run("stat -c %a celery.db.key; ls | grep -c key").lines == ["600", "1"])
    }
}
