import CeleryCore
import Fixtures
import Glibc
import Testing
import Worker

extension WorkerTests {
    /// Task files that change while the worker works.
    @Suite struct Files {
        private func bench() throws -> Bench {
            var bench = try Bench(.sqlite)
            try bench.followFiles()
            return bench
        }

        /// What the worker says about itself.
        private func registered(_ bench: Bench) async throws -> String {
            let asking = try #require(bench.broker as? any WorkerAsking)
            let request = ControlRequest(method: "registered", arguments: [:])
            return try await asking.ask([request], of: .all, within: .seconds(30)).answers[0].first?.value.displayText ?? ""
        }

        @Test(arguments: StoryPlace.allCases)
        func `a message for a file that was just written runs`(_ place: StoryPlace) async throws {
            let stage = try Stage(place)
            var bench = stage.bench
            try bench.followFiles()
            let worker = try await bench.start(children: 2)
            for number in 1...5 {
                try bench.writeTask("new\(number)", "", "echo from \(number)")
                let id = try await bench.send("app.tasks.new\(number)")
                #expect(try await bench.result(of: id).value == .string("from \(number)"))
                #expect(worker.log.lines.filter { $0 == "info: Task added: app.tasks.new\(number) (app/tasks/new\(number))" }.count == 1)
            }
            #expect(!worker.log.contains("not run"))
            try await worker.stop()
        }

        @Test(arguments: StoryPlace.allCases)
        func `an edited file runs with its new options`(_ place: StoryPlace) async throws {
            let stage = try Stage(place)
            var bench = stage.bench
            try bench.writeTask("slow", "", "sleep 600")
            try bench.followFiles()
            let worker = try await bench.start()
            try bench.writeTask("slow", "time_limit=0.2 max_retries=0", "echo new; sleep 600")
            let result = try await bench.result(of: try await bench.send("app.tasks.slow"))
            #expect(result.failure?.type == "TimeLimitExceeded")
            #expect(worker.log.contains("info: Task changed: app.tasks.slow (app/tasks/slow)"))
            try await worker.stop()
        }

        @Test func `messages of a new file keep to its limits`() async throws {
            for backing in Backing.allCases {
                var bench = try Bench(backing)
                try bench.followFiles()
                let worker = try await bench.start(children: 3)
                try bench.writeTask("single", "concurrency=1", "mkdir lock || exit 9; sleep 0.05; rmdir lock")
                let ids = try await (1...6).asyncMap { _ in try await bench.send("app.tasks.single") }
                for id in ids { #expect(try await bench.result(of: id).state == .success) }
                // Without the limit they would meet.
                try bench.writeTask("single", "", "touch there.$1; while [ ! -e there.a ] || [ ! -e there.b ]; do sleep 0.01; done")
                let pair = try await ["a", "b"].asyncMap { try await bench.send("app.tasks.single", .string($0)) }
                for id in pair { #expect(try await bench.result(of: id).state == .success) }
                try await worker.stop()
            }
        }

        @Test func `a job that waits behind another runs the file as it is when it begins, with that file's options`() async throws {
            var bench = try Bench(.sqlite)
            try bench.addGate()
            try bench.writeTask("late", "ignore_result=true", "echo old")
            try bench.followFiles()
            let worker = try await bench.start { $0.prefetch = 5 }
            try await bench.send("wait", "a")
            #expect(try await bench.hasStarted("a"))
            let id = try await bench.send("app.tasks.late")
            #expect(try await eventually { worker.log.contains("Got task from broker: app.tasks.late") })
            try bench.writeTask("late", "", "echo new")
            try bench.openGate()
            #expect(try await bench.result(of: id).value == "new")
            try await worker.stop()
        }

        @Test func `a running task goes on when its file is replaced`() async throws {
            var bench = try Bench(.sqlite)
            try bench.writeTask("long", "", "touch started; until [ -e gate ]; do sleep 0.02; done; echo old")
            try bench.followFiles()
            let worker = try await bench.start()
            let id = try await bench.send("app.tasks.long")
            #expect(try await eventually { bench.folder.contains("started") })
            _ = try bench.folder.program("app/long.new", "#!/bin/sh\necho new\n")
            rename(bench.folder.file("app/long.new"), bench.folder.file("app/tasks/long"))
            #expect(try await worker.log.eventuallyContains("Task changed: app.tasks.long"))
            try bench.openGate()
            #expect(try await bench.result(of: id).value == "old")
            #expect(try await bench.result(of: try await bench.send("app.tasks.long")).value == "new")
            try await worker.stop()
        }

        /// Removes the file of the task `away`, and waits until the worker knows.
        private func vanish(_ bench: Bench, _ clock: ManualClock, _ worker: RunningWorker, times: Int = 1) async throws {
            unlink(bench.folder.file("app/tasks/away"))
            let line = "info: Task removed: app.tasks.away (app/tasks/away)"
            #expect(
                try await eventually {
                    clock.advance(by: .milliseconds(10))
                    return worker.log.lines.filter { $0 == line }.count == times
                })
        }

        @Test func `a message for a task that has just vanished waits for it to return`() async throws {
            let clock = ManualClock(.now)
            var bench = try Bench(.sqlite, clock)
            try bench.writeTask("away", "", "echo back")
            try bench.followFiles()
            let worker = try await bench.start()
            try await vanish(bench, clock, worker)
            #expect(try await registered(bench) == "[]")
            let id = try await bench.send("app.tasks.away")
            #expect(try await eventually { try await bench.location(of: id)?.worker != nil })
            try bench.writeTask("away", "", "echo back")
            #expect(
                try await eventually {
                    clock.advance(by: .milliseconds(10))
                    return worker.log.contains("Task added: app.tasks.away")
                })
            #expect(try await bench.result(of: id).value == "back")
            // It does not return a second time.
            try await vanish(bench, clock, worker, times: 2)
            let lost = try await bench.send("app.tasks.away")
            #expect(try await eventually { try await bench.location(of: lost)?.worker != nil })
            clock.advance(by: .seconds(6))
            #expect(try await bench.result(of: lost).failure?.type == "NotRegistered")
            try await worker.stop()
        }

        @Test func `a name that nobody had is refused at once`() async throws {
            let bench = try bench()
            let worker = try await bench.start()
            let id = try await bench.send("app.tasks.nobody")
            #expect(try await bench.result(of: id).failure?.type == "NotRegistered")
            try await worker.stop()
        }

        @Test func `a message that waits for its file can be revoked, and is given back when the worker stops`() async throws {
            let clock = ManualClock(.now)
            var bench = try Bench(.sqlite, clock)
            try bench.writeTask("away", "", "echo back")
            try bench.followFiles()
            let worker = try await bench.start()
            try await vanish(bench, clock, worker)
            let ids = try await (0..<2).asyncMap { _ in try await bench.send("app.tasks.away") }
            for id in ids { #expect(try await eventually { try await bench.location(of: id)?.worker != nil }) }
            let asking = try #require(bench.broker as? any WorkerAsking)
            let request = ControlRequest(method: "revoke", arguments: ["task_id": .string(ids[0].text)])
            _ = try await asking.ask([request], of: .all, within: .seconds(30))
            #expect(try await bench.result(of: ids[0]).state == .revoked)
            try await worker.stop()
            #expect(try await bench.location(of: ids[1]).map { $0.worker == nil } == true)
            #expect(try await bench.record(of: ids[1]) == nil)
        }

        @Test func `the worker reports and announces what it knows now`() async throws {
            let bench = try bench()
            let worker = try await bench.start()
            let listing = try #require(bench.broker as? any WorkerListing)
            #expect(try await registered(bench) == "[]")
            try bench.writeTask("one", "rate_limit=5/m", "true")
            #expect(try await eventually { try await listing.workers().first?.tasks == ["app.tasks.one"] })
            #expect(try await registered(bench).contains("app.tasks.one [rate_limit=5/m]"))
            try bench.writeTask("one", "", "true")
            #expect(try await worker.log.eventuallyContains("Task changed"))
            #expect(try await !registered(bench).contains("rate_limit"))
            unlink(bench.folder.file("app/tasks/one"))
            #expect(try await eventually { try await listing.workers().first?.tasks == [] })
            try await worker.stop()
        }

        @Test func `time limits that an operator has set outlast a change of the file`() async throws {
            var bench = try Bench(.sqlite)
            try bench.writeTask("slow", "", "sleep 600")
            try bench.followFiles()
            let worker = try await bench.start()
            let asking = try #require(bench.broker as? any WorkerAsking)
            let request = ControlRequest(method: "time_limit", arguments: ["task_name": "app.tasks.slow", "hard": 0.2])
            _ = try await asking.ask([request], of: .all, within: .seconds(30))
            try bench.writeTask("slow", "max_retries=0", "sleep 601")
            #expect(try await worker.log.eventuallyContains("Task changed"))
            #expect(try await bench.result(of: try await bench.send("app.tasks.slow")).failure?.type == "TimeLimitExceeded")
            try await worker.stop()
        }

        @Test func `without watches the worker looks now and then, and says so once`() async throws {
            let bench = try bench()
            let worker = try await bench.start { $0.watchFolder = { _, _, _ in nil } }
            for name in ["one", "two"] {
                try bench.writeTask(name, "", "true")
                #expect(try await worker.log.eventuallyContains("Task added: app.tasks.\(name)"))
            }
            let warning = "warning: Cannot watch the task folders, as the limits of inotify(7) are reached; looking at them every 2 s"
            #expect(worker.log.lines.filter { $0 == warning }.count == 1)
            try await worker.stop()
        }

        @Test func `a wrong option line is logged once, and the task goes on with its earlier options`() async throws {
            var bench = try Bench(.sqlite)
            try bench.writeTask("one", "max_retries=0", "echo first")
            try bench.followFiles()
            let worker = try await bench.start()
            try bench.writeTask("one", "max_retrys=0", "echo second")
            #expect(try await bench.result(of: try await bench.send("app.tasks.one")).value == "second")
            let line = "warning: app/tasks/one:2: unknown option 'max_retrys'; did you mean 'max_retries'?: the task keeps its earlier options"
            #expect(try await worker.log.eventuallyContains(line))
            try bench.writeTask("two", "", "true")
            #expect(try await worker.log.eventuallyContains("Task added"))
            #expect(worker.log.lines.filter { $0 == line }.count == 1)
            try await worker.stop()
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
