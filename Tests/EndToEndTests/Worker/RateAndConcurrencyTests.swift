import CeleryCore
import Fixtures
import Glibc
import Processes
import Testing

/// Rates and places of tasks, with real workers.
@Suite(.blocking)
struct RateAndConcurrencyTests {
    /// A task that notes when more of it run at once than may.
    private func addGuarded(_ project: Project, _ options: String, limit: Int, seconds: Double) throws {
        try project.task(
            "guarded",
            """
            #!/bin/sh
            # celery: \(options)
            mkdir -p run
            : >run/$$
            count=0
            for file in run/*; do
                kill -0 "${file#run/}" 2>/dev/null && count=$((count + 1))
            done
            [ $count -gt \(limit) ] && echo $count >>violations
            echo x >>starts
            sleep \(seconds)
            rm -f run/$$
            echo x >>ends

            """)
    }

    private func send(_ count: Int, _ task: String, to project: Project, with variables: [String: String] = [:]) throws {
        let batch = (0..<count).map { _ in #"{"task": "demo.tasks.\#(task)"}"# }.joined(separator: "\n")
        _ = try project.run("celery apply --batch -", input: batch, with: variables).text
    }

    private func lines(_ file: String, _ project: Project) -> Int { project.read(file).split(separator: "\n").count }

    @Test func `several workers never run more of a task at once than it allows, also when they are killed`() throws {
        let project = try Project()
        try addGuarded(project, "concurrency=2", limit: 2, seconds: 0.1)
        try send(30, "guarded", to: project)
        var workers: [Running] = []
        for number in 0..<3 { workers.append(try project.start("exec celery celeryd -c3 -n w\(number) -q")) }
        for victim in 0..<2 {
            #expect(eventually { lines("ends", project) >= 5 * (victim + 1) })
            workers[victim].signal(SIGKILL)
        }
        #expect(try eventually { try project.run("celery queues --json").lines.allSatisfy { $0.contains(#""ready":0,"scheduled":0,"running":0"#) } })
        #expect(lines("ends", project) >= 30)
        workers[2].signal(SIGTERM)
        _ = try workers[2].wait()
        #expect(!project.exists("violations"), "\(project.read("violations"))")
    }

    @Test(arguments: ["concurrency=1", "concurrency=1 ack=early"])
    func `tasks without limits go by those that wait, and a burst worker runs all`(_ options: String) throws {
        let project = try Project()
        try addGuarded(project, options, limit: 1, seconds: 0.05)
        try send(10, "guarded", to: project)
        _ = try project.apply("demo.tasks.shout hi")
        let ended = try project.run("celery celeryd --burst -c4 -l info")
        #expect(ended.status == 0)
        #expect(lines("ends", project) == 10)
        #expect(!project.exists("violations"))
        let order = ended.errors.split(separator: "\n").filter { $0.contains("processed") }
        #expect(order.count == 11)
        #expect(order.firstIndex { $0.contains("shout") } ?? 99 < 5)
    }

    @Test func `a rate spreads tasks evenly, over all workers of a file`() throws {
        let project = try Project()
        try project.task("quick", "#!/bin/sh\n# celery: rate_limit=10/s\ndate +%s.%N >>times\n")
        try send(22, "quick", to: project)
        let workers = try (0..<2).map { try project.start("exec celery celeryd -c2 -n w\($0) -q") }
        #expect(eventually { lines("times", project) >= 22 })
        for worker in workers {
            worker.signal(SIGTERM)
            _ = try worker.wait()
        }
        let times = project.read("times").split(separator: "\n").compactMap { Double($0) }.sorted()
        let length = try #require(times.last) - times[0]
        // 2.1 s, less what the first program needed to start.
        #expect(length >= 1.5, "\(times)")
        // Mostly 0.1 s between two; half the rate would make it 0.2 s. What a pause of the machine delays is never made up.
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
        #expect(gaps.count >= 21 && gaps[gaps.count / 2] < 0.16, "\(times)")
    }

    @Test func `on RabbitMQ each worker keeps the rate, other tasks go by, and nothing is lost`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("quick", "#!/bin/sh\n# celery: rate_limit=10/s\ndate +%s.%N >>times\n")
        try send(22, "quick", to: project, with: place.variables())
        _ = try place.run("celery apply demo.tasks.shout hi").text
        let ended = try place.run("celery celeryd --burst -c2 -l info")
        #expect(ended.status == 0)
        let times = project.read("times").split(separator: "\n").compactMap { Double($0) }.sorted()
        try #require(times.count == 22)
        // 2.05 s, less what the first program needed to start.
        #expect(times[21] - times[0] >= 1.5, "\(times)")
        let order = ended.errors.split(separator: "\n").filter { $0.contains("processed") }
        // It was sent last, and does not wait for them, however long each look takes.
        #expect(order.firstIndex { $0.contains("shout") } ?? 99 < 21)
    }

    @Test(arguments: ["concurrency=1", "concurrency=1 ack=early"])
    func `on RabbitMQ a worker keeps to the places of a task, by key`(_ options: String) throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try addGuarded(project, options, limit: 2, seconds: 0.05)
        let batch = (0..<12).map { #"{"task": "demo.tasks.guarded", "concurrency_key": "k\#($0 % 2)"}"# }.joined(separator: "\n")
        _ = try project.run("celery apply --batch -", input: batch, with: place.variables()).text
        #expect(try place.run("celery celeryd --burst -c6 -q").status == 0)
        #expect(lines("ends", project) == 12)
        #expect(!project.exists("violations"), "\(project.read("violations"))")
    }

    @Test func `workers of RabbitMQ with results in one file keep to the places of a task together, also when one is killed`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try addGuarded(project, "concurrency=2 concurrency_key=0", limit: 2, seconds: 0.15)
        let variables = place.variables().merging(["CELERY_RESULT_BACKEND": "sqlite:///\(project.path)/results.db"]) { $1 }
        let batch = (0..<40).map { _ in #"{"task": "demo.tasks.guarded", "args": ["k"]}"# }.joined(separator: "\n")
        _ = try project.run("celery apply --batch -", input: batch, with: variables).text
        let workers = try (0..<3).map { try project.start("exec celery celeryd -c4 -n w\($0)@test -q", with: variables) }
        #expect(eventually { lines("ends", project) >= 8 })
        // Its places come free when their lease ends.
        workers[0].signal(SIGKILL)
        #expect(eventually(within: .seconds(90)) { lines("ends", project) >= 40 })
        for worker in workers.dropFirst() {
            worker.signal(SIGTERM)
            _ = try worker.wait()
        }
        #expect(!project.exists("violations"), "\(project.read("violations"))")
        // Nobody else left any.
        #expect(try project.run("sqlite3 results.db 'SELECT count(DISTINCT worker) < 2 FROM lent_place'").text == "1")
    }

    @Test func `messages of a slow rate wait at RabbitMQ, and not in the worker`() throws {
        let place = try RabbitMQPlace()
        try place.project.task("rare", "#!/bin/sh\n# celery: rate_limit=5/h\necho x >>times\n")
        try send(300, "rare", to: place.project, with: place.variables())
        let worker = try place.project.start("exec celery celeryd -c2 -q", with: place.variables())
        #expect(try eventually { try place.depth() == 0 })
        #expect(try place.run("celery apply demo.tasks.add 1 2 --wait").text == "3")
        worker.signal(SIGTERM)
        _ = try worker.wait()
        #expect(lines("times", place.project) == 1)
        // They are all on the ladder.
        #expect(try place.depth() == 0)
    }

    @Test func `at RabbitMQ what was postponed for a rate begins soon after it is lifted, and ends soon when it is revoked or expires`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        try project.task("rare", "#!/bin/sh\n# celery: rate_limit=2/h\necho $1 >>order\n")
        let worker = try project.start("exec celery celeryd -c2 -n w@test -q", with: place.variables())
        _ = try place.run("celery apply demo.tasks.rare first --wait --timeout 30").text
        var ids: [String] = []
        for number in 1...8 { ids.append(try place.run("celery apply demo.tasks.rare \(number)").text) }
        let mortal = try place.run("celery apply demo.tasks.rare mortal --expires 2").text
        // They are on the ladder.
        #expect(try eventually { try place.depth() == 0 })
        #expect(try place.run("celery result \(mortal) --wait --timeout 20").errors.contains("expired"))
        _ = try place.run("celery control -d w@test -t 60 revoke \(ids[2])").text
        #expect(try place.run("celery result \(ids[2]) --wait --timeout 40").errors.contains("revoked"))
        #expect(lines("order", project) == 1)
        let lifted = ContinuousClock.now
        _ = try place.run("celery control -d w@test -t 60 rate_limit demo.tasks.rare 0").text
        #expect(eventually(within: .seconds(60)) { lines("order", project) == 8 })
        // Each looks within 20 s whether it may begin.
        #expect(ContinuousClock.now - lifted < .seconds(29).onThisMachine)
        worker.signal(SIGTERM)
        _ = try worker.wait()
        #expect(Set(project.read("order").split(separator: "\n")) == ["first", "1", "2", "4", "5", "6", "7", "8"])
        #expect(try place.run("celery queues --json").output.contains(#""ready":0"#))
    }

    @Test func `Python sets a rate, and takes it away`() async throws {
        let place = try RabbitMQPlace()
        let worker = try place.project.start("exec celery celeryd -c1 -n w1@test -l info", with: place.variables())
        #expect(try await eventually { worker.said.contains("has started") })
        func control(_ task: String, _ rate: String) async throws -> String {
            try await PythonCelery(version: "5.6").run(
                """
                import sys
                from celery import Celery
                print(Celery(broker=sys.argv[1]).control.rate_limit(sys.argv[2], sys.argv[3], reply=True, timeout=30, limit=1))
                """,
                [place.url, task, rate])
        }
        let first = try await control("demo.tasks.add", "1/h")
        #expect(first == "[{'w1@test': {'ok': 'new rate limit set successfully'}}]\n")
        #expect(try await control("demo.tasks.nothing", "1/h") == "[{'w1@test': {'error': 'unknown task'}}]\n")
        #expect(try await control("demo.tasks.add", "often").contains("Invalid rate limit string: 'often'"))
        _ = try place.run("celery apply demo.tasks.add 1 2 --wait").text
        let id = try place.run("celery apply demo.tasks.add 3 4").text
        #expect(try place.run("celery status \(id) --wait --timeout 1").status == 124)
        #expect(try await control("demo.tasks.add", "0") == "[{'w1@test': {'ok': 'rate limit disabled successfully'}}]\n")
        #expect(worker.said.contains("Rate of task demo.tasks.add is now unlimited"))
        worker.signal(SIGTERM)
        _ = try worker.wait()
    }

    @Test(arguments: [
        ("rate_limit=often", "rate_limit must be a rate such as 10/s, 100/m or 5/h, or unlimited, not \"often\""),
        ("concurrency=0", "concurrency must be from 1 to 100000, not 0"),
        ("concurrency_key=a", "concurrency_key needs concurrency"),
    ])
    func `a task with limits that make no sense is none`(_ options: String, _ complaint: String) throws {
        let project = try Project()
        try project.task("odd", "#!/bin/sh\n# celery: \(options)\n")
        let ended = try project.run("celery tasks")
        #expect(ended.status == 65)
        #expect(ended.errors.contains(complaint), "\(ended)")
    }

    @Test func `celery tasks lists limits`() throws {
        let project = try Project()
        try project.task("limited", "#!/bin/sh\n# celery: rate_limit=100/m concurrency=2 concurrency_key=customer\n")
        #expect(try project.run("celery tasks").output.contains("\trate_limit=100/m\tconcurrency=2\tconcurrency_key=customer\n"))
    }
}
