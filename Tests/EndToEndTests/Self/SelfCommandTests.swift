import CeleryCore
import Fixtures
import Testing

/// `celery self`: what a program says about its own task.
@Suite(.blocking) struct SelfCommandTests {
    /// A project with a task that has come to 30 of 100 and waits for a file `go`.
    private func copying() throws -> Project {
        let project = try Project()
        try project.task("copy.sh", """
            #!/bin/sh
            celery self meta rows=1000 source=shop
            celery self progress 30/100 copying
            until [ -e go ]; do sleep 0.02; done
            celery self progress 100/100
            echo copied
            """)
        return project
    }

    @Test func `status and explain show how far a task has come, and the notes stay with the result`() throws {
        let project = try copying()
        try project.startWorker("-n one@host")
        let id = try project.apply("demo.tasks.copy")
        let watch = try project.start("celery status --watch \(id)")
        #expect(try eventually { try project.run("celery status \(id)").output == "\(id)\tPROGRESS\t30% 30/100 copying\n" })
        #expect(try project.run("celery status \(id)").status == 75)
        let object = try JSON(parsing: try project.run("celery status --json \(id)").output)
        #expect(object["state"] == "PROGRESS")
        #expect(object["progress"] == ["current": 30, "total": 100, "text": "copying", "rows": 1000, "source": "shop"])
        #expect(try project.run("celery list").output.hasSuffix("\tone@host\t30% 30/100 copying\n"))
        #expect(try JSON(parsing: try project.run("celery list --json").text)["progress"] == object["progress"])
        let explained = try project.run("celery explain \(id)")
        #expect(explained.output.contains("is running on one@host"))
        #expect(explained.output.contains("  progress:   30% 30/100 copying\n"))
        try project.write("", to: "go")
        try project.expect("celery result --wait \(id)", Ended("copied\n"))
        let ended = try watch.wait()
        #expect(ended.status == 0)
        #expect(ended.lines.contains("\(id)\tPROGRESS\t30% 30/100 copying"))
        #expect(ended.lines.last == "\(id)\tSUCCESS")
        let result = try JSON(parsing: try project.run("celery result --json \(id)").text)
        #expect(result["meta"] == ["rows": 1000, "source": "shop"])
        #expect(result["result"] == "copied")
        let status = try JSON(parsing: try project.run("celery status --json \(id)").output)
        #expect(status["progress"] == .null && status["meta"] == ["rows": 1000, "source": "shop"])
    }

    @Test(arguments: ["rpc://", "amqp://", "db+sqlite:///results.db", "sqlite:///results.db"])
    func `with RabbitMQ too, wherever results go`(_ store: String) throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("copy.sh", """
            #!/bin/sh
            for n in 10 20 30; do celery self progress $n/100 copying; sleep 0.3; done
            until [ -e go ]; do sleep 0.02; done
            echo copied
            """)
        let variables = ["CELERY_RESULT_BACKEND": store]
        try project.startWorker(with: place.variables().merging(variables) { $1 })
        let id = try place.run("celery apply demo.tasks.copy", with: variables).text
        #expect(try eventually { try place.run("celery status \(id)", with: variables).output == "\(id)\tPROGRESS\t30% 30/100 copying\n" })
        try project.write("", to: "go")
        #expect(try place.run("celery result --wait --timeout 30 \(id)", with: variables) == Ended("copied\n"))
        #expect(try place.run("celery status \(id)", with: variables) == Ended("\(id)\tSUCCESS\n"))
        try project.stopWorker()
    }

    @Test func `asks for a retry with delay and reason`() throws {
        let project = try Project()
        try project.task("shop.sh", """
            #!/bin/sh
            [ -e open ] && { echo bought; exit; }
            celery self retry --in 1h 'the shop is closed'
            exit 3
            """)
        try project.startWorker()
        let id = try project.apply("demo.tasks.shop")
        #expect(try eventually { try project.state(of: id) == "RETRY" })
        let object = try JSON(parsing: try project.run("celery status --json \(id)").output)
        #expect(object["reason"] == "Retry: Retry in 3600s: the shop is closed")
        let spent = try project.run("celery apply demo.tasks.shop --max-retries 0 --wait --timeout 60")
        #expect(spent.errors.hasSuffix("MaxRetriesExceededError: the shop is closed\n"))
        #expect(spent.status == 1)
        try project.write("", to: "open")
        #expect(try project.run("celery apply demo.tasks.shop --wait --timeout 60") == Ended("bought\n"))
    }

    @Test func `fails with a type, which autoretry can name`() throws {
        let project = try Project()
        try project.task("buy.sh", "#!/bin/sh\ncelery self fail SoldOut 'no more'\n")
        try project.task("insist.sh", """
            #!/bin/sh
            # celery: autoretry=SoldOut retry_delay=0
            [ "$CELERY_TASK_RETRIES" -ge 2 ] && { echo "got it after $CELERY_TASK_RETRIES"; exit; }
            celery self fail shop.SoldOut 'no more'
            """)
        try project.startWorker()
        try project.expect("celery apply demo.tasks.buy --wait --timeout 60", Ended(errors: "SoldOut: no more\n", status: 1))
        try project.expect("celery apply demo.tasks.insist --wait --timeout 60", Ended("got it after 2\n"))
    }

    @Test(arguments: ["progress 30/100", "retry", "fail SoldOut", "meta a=1"])
    func `exits with 64 outside a task`(_ words: String) throws {
        let project = try Project()
        let name = words.prefix { $0 != " " }
        let error = "celery self \(name): this command is not running inside a task\nhint: call it from a program that a worker runs\n"
        try project.expect("celery self \(words)", Ended(errors: error, status: 64))
        // Nor with the variable of a task that is gone, or whose descriptor is something else now.
        try project.expect("celery self \(words) 7>&-", with: ["CELERY_SELF_FD": "7"], Ended(errors: error, status: 64))
        try project.expect("celery self \(words) 7>file; cat file", with: ["CELERY_SELF_FD": "7"], Ended(errors: error, status: 0))
        try project.expect("celery self \(words) 7>&1 | cat; exit ${PIPESTATUS[0]}", with: ["CELERY_SELF_FD": "x"], Ended(errors: error, status: 64))
    }

    @Test(arguments: [
        ("progress 30-100", "'30-100' is not a progress; write N/TOTAL, such as 30/100, or a percentage"),
        ("progress 5/0", "'5/0' is not a progress; write N/TOTAL, such as 30/100, or a percentage"),
        ("progress 1/2/3", "'1/2/3' is not a progress; write N/TOTAL, such as 30/100, or a percentage"),
        ("fail 'Sold Out'", "'Sold Out' is not a type of error; use letters, digits, _ and dots, such as SoldOut"),
        ("meta rows", "'rows' is not a note; write KEY=VALUE"),
    ])
    func `refuses what it cannot say`(_ words: String, _ complaint: String) throws {
        let project = try Project()
        let ended = try project.run("celery self \(words)")
        #expect(ended.status == 64)
        #expect(ended.errors.hasPrefix("celery self \(words.prefix { $0 != " " }): \(complaint)\n"))
    }

    @Test func `writes one line of JSON to the descriptor that the environment names`() throws {
        let project = try Project()
        let variables = ["CELERY_SELF_FD": "7"]
        // The pipe's far end as a program would have it.
        for (words, line) in [
            ("progress 30% 'a b'", #"{"progress":{"current":30,"total":100,"text":"a b"}}"#), ("progress 0.5/2", #"{"progress":{"current":0.5,"total":2}}"#),
            ("progress 7", #"{"progress":{"current":7}}"#),
            ("retry", #"{"retry":{}}"#), ("retry --in 90s why", #"{"retry":{"in":90,"reason":"why"}}"#),
            ("fail E", #"{"fail":{"type":"E"}}"#), ("fail a.E 'x y'", #"{"fail":{"type":"a.E","message":"x y"}}"#),
            ("meta a=1 b=x c='{\"d\": []}'", #"{"meta":{"a":1,"b":"x","c":{"d":[]}}}"#),
        ] {
            try project.expect("exec 8>&1; celery self \(words) 7>&1 >&8 | cat", with: variables, Ended(line + "\n"))
        }
    }
}
