import CeleryCore
import Fixtures
import Testing

/// Results in our own layout in PostgreSQL, `--result-backend postgresql://...`, of workers on RabbitMQ that share no disk.
@Suite(.blocking) struct PostgreSQLResultsTests {
    private let server: DatabaseServer
    private let database: String
    private let place: RabbitMQPlace
    private let variables: [String: String]
    private let location: String

    init() throws {
        server = try DatabaseServer.postgreSQL
        database = "own_\(UInt32.random(in: 0...UInt32.max))"
        try server.ask("CREATE DATABASE \(database)")
        place = try RabbitMQPlace()
        variables = place.variables().merging(["CELERY_RESULT_BACKEND": Self.url(server, database)]) { $1 }
        location = Self.url(server, database).replacing("celery-secret", with: "***")
    }

    private static func url(_ server: DatabaseServer, _ database: String, user: String = "celery:celery-secret") -> String {
        String(server.url(host: "127.0.0.1", user: user, database: database).dropFirst("db+".count))
    }

    private func run(_ line: String) throws -> Ended { try place.project.run(line, with: variables) }

    private func rows(_ line: String) throws -> [JSON] { try run(line).lines.map { try JSON(parsing: $0) } }

    /// What another program says to the server.
    private func psql(_ sql: String, in other: String? = nil) throws -> String {
        try place.project.run("psql -X -q -A -t -v ON_ERROR_STOP=1 '\(Self.url(server, other ?? database))'", input: sql).text
    }

    /// Tasks that succeed, fail, and are tried twice.
    private func startWorker() throws {
        try place.project.task("fail.sh", "#!/bin/sh\necho why >&2\n[ -e mended ] || exit 7\n")
        try place.project.task("work.sh", """
            #!/bin/sh
            # celery: retry_delay=0
            echo "out $CELERY_ATTEMPT"
            echo "err $CELERY_ATTEMPT" >&2
            [ "$CELERY_ATTEMPT" = 1 ] && exit 75
            until [ -e go ]; do sleep 0.02; done
            echo end
            """)
        try place.project.startWorker("-n w@h", with: variables)
    }

    @Test func `list shows ended tasks with their arguments, by every filter`() throws {
        try startWorker()
        let sum = try run("celery apply demo.tasks.add 1 2").text
        #expect(try run("celery status --wait \(sum)").status == 0)
        let bad = try run("celery apply demo.tasks.fail needle").text
        #expect(try run("celery status --wait \(bad)").status == 1)
        func ids(_ words: String) throws -> [String] { try rows("celery list --json \(words)").compactMap { $0["id"]?.stringValue } }
        #expect(try ids("") == [bad, sum])
        #expect(try ids("-n 1") == [bad])
        #expect(try ids("--failed") == [bad])
        #expect(try ids("--task '*.add'") == [sum])
        #expect(try ids("--queue none") == [])
        #expect(try ids("--grep needle") == [bad])
        #expect(try ids("--since 1h --state success") == [sum])
        #expect(try ids("--until 1h") == [])
        let task = try #require(try rows("celery list --json --state success").first)
        #expect(task["args"] == [1, 2] && task["task"] == "demo.tasks.add", "\(task)")
        #expect(try run("celery result \(sum)") == Ended("3\n"))
    }

    @Test func `logs prints what the attempts wrote, and follows a task until it ends`() throws {
        try startWorker()
        let id = try run("celery apply demo.tasks.work").text
        let following = try place.project.start("celery logs -f --stdout \(id)", with: variables)
        #expect(try eventually { try run("celery logs --stdout \(id)").output.hasSuffix("out 2\n") })
        try place.project.write("", to: "go")
        #expect(try following.wait().output == "out 1\nout 2\nend\n")
        #expect(try run("celery logs -q --stderr \(id)").output == "err 1\nerr 2\n")
        #expect(try run("celery logs -q --attempt 1 --stdout \(id)").output == "out 1\n")
        #expect(try run("celery result --forget \(id)").status == 0)
        // RabbitMQ cannot tell a task that is unknown from one that waits.
        #expect(try run("celery logs \(id)") == Ended(errors: "celery logs: \(id): the task has not begun\n"))
    }

    @Test func `explain tells why a task failed, what it wrote, and its relatives`() throws {
        try startWorker()
        let id = try run("celery apply demo.tasks.add 1 2 --link demo.tasks.fail").text
        #expect(try run("celery status --wait \(id)").status == 0)
        let explained = try run("celery explain \(id)")
        #expect(explained.status == 0 && explained.lines.first?.contains("demo.tasks.add has succeeded") == true, "\(explained)")
        #expect(try eventually { try !rows("celery list --json --task '*.fail'").isEmpty })
        let child = try #require(try rows("celery list --json --task '*.fail'").first?["id"]?.stringValue)
        #expect(try run("celery status --wait \(child)").status == 1)
        #expect(try run("celery explain \(id)").output.contains(child))
        let failed = try run("celery explain \(child)").output
        #expect(failed.contains("w@h") && failed.contains("why") && failed.contains(id), "\(failed)")
    }

    @Test func `taskset counts members as they end, and prints their results in order`() throws {
        try startWorker()
        let set = try run("seq 20 | celery dmap --detach demo.tasks.square").text
        #expect(try run("celery taskset --wait --results \(set)").lines == (1...20).map { "\($0 * $0)" })
        #expect(try rows("celery taskset --json").first?["id"]?.stringValue == set)
        #expect(try psql("SELECT sum(count) FROM celery_task_set_count WHERE state = 'SUCCESS'") == "20")
    }

    @Test func `retry sends again what failed, by id and by filter`() throws {
        try startWorker()
        let bad = try (1...2).map { try run("celery apply demo.tasks.fail \($0)").text }
        #expect(try run("celery status --wait \(bad.joined(separator: " "))").status == 1)
        try place.project.write("", to: "mended")
        let pairs = try run("celery retry --failed").lines.map { $0.split(separator: "\t").map(String.init) }
        try #require(pairs.allSatisfy { $0.count == 2 })
        #expect(Set(pairs.map { $0[0] }) == Set(bad))
        #expect(try run("celery status --wait \(pairs.map { $0[1] }.joined(separator: " "))").status == 0)
        #expect(try run("celery retry \(bad[0])").lines.count == 1)
    }

    @Test func `a wait and a map end when a worker stores results`() throws {
        try startWorker()
        #expect(try run("celery apply --wait demo.tasks.add 1 2") == Ended("3\n"))
        #expect(try run("celery apply --wait demo.tasks.fail").status == 7)
        #expect(try run("seq 100 | celery dmap demo.tasks.square").lines == (1...100).map { "\($0 * $0)" })
    }

    @Test func `two workers share the slots of a task`() throws {
        try place.project.task("alone.sh", "#!/bin/sh\n# celery: concurrency=1\nmkdir taken || exit 9\nsleep 0.1\nrmdir taken\n")
        try place.project.startWorker("-n w@h", with: variables)
        _ = try run("celery celeryd --detach -p v.pid -f v.log -c2 -n v@h").text
        let ids = try (1...3).map { _ in try run("celery apply demo.tasks.alone").text }
        #expect(try run("celery status --wait \(ids.joined(separator: " "))").status == 0)
        _ = try run("celery celeryd --stop -p v.pid").text
    }

    @Test func `syncdb makes the tables, and says what is missing`() throws {
        try place.project.expect("celery syncdb --check", with: variables, Ended("\(location): missing\n", status: 1))
        let sql = try run("celery syncdb --dry-run")
        #expect(sql.status == 0 && sql.output.hasPrefix("CREATE TABLE celery_layout (") && sql.output.hasSuffix("VALUES (1, 1);\n"))
        try place.project.expect("celery syncdb --check", with: variables, Ended("\(location): missing\n", status: 1))
        try place.project.expect("celery syncdb", with: variables, Ended("\(location): created\n"))
        try place.project.expect("celery syncdb", with: variables, Ended("\(location): complete\n"))
        // What it prints is what it runs: another database gets the same.
        let other = "\(database)_b"
        try server.ask("CREATE DATABASE \(other)")
        _ = try psql(sql.output, in: other)
        let ended = try run("celery syncdb --check --result-backend \(Self.url(server, other))")
        #expect(ended.status == 0 && ended.output.hasSuffix(": complete\n"), "\(ended)")
    }

    @Test func `what is wrong is told without the password`() throws {
        func ended(_ url: String, _ command: String = "result a") throws -> Ended {
            try place.project.run("celery \(command) --result-backend '\(url)'", with: place.variables())
        }
        for (url, status) in [
            (Self.url(server, database, user: "celery:wrong-secret"), 77), (Self.url(server, "nowhere_at_all"), 65),
            ("postgresql://u:secret@127.0.0.1:1/a", 69), ("postgresql://u:secret@h/a?sslmod=require", 78), ("postgresql://u:secret@h", 78),
        ] as [(String, Int32)] {
            let ended = try ended(url)
            #expect(ended.status == status && ended.output == "" && !ended.errors.contains("secret"), "\(ended)")
        }
        let refused = try ended(Self.url(server, database, user: "reader:reader-secret"), "syncdb")
        #expect(refused.status == 77 && refused.errors.contains("permission denied"), "\(refused)")
    }
}
