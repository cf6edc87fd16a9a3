import CeleryCore
import Fixtures
import Glibc
import Tasks
import Testing
import Worker

extension WorkerTests {
    @Suite struct Limits {
        @Test(arguments: Backing.allCases)
        func `tells a Swift task to stop at its soft limit`(_ backing: Backing) async throws {
            var bench = try Bench(backing)
            try bench.addExample("wait", TaskOptions(softTimeLimit: .milliseconds(200)))
            let worker = try await bench.start()
            let result = try await bench.result(of: bench.send("example.wait", 600))
            #expect(result.failure == .softTimeLimitExceeded(0.2))
            #expect(result.attempt == 1)
            try await worker.stop()
        }

        @Test func `kills a Swift task at its hard limit, and replaces its child`() async throws {
            var bench = try Bench()
            try bench.addExample("wait", TaskOptions(timeLimit: .milliseconds(400), softTimeLimit: .milliseconds(100)))
            try bench.addExample("add")
            let worker = try await bench.start()
            let child = worker.children
            let id = try await bench.send("example.wait", 600, kwargs: ["stubborn": true])
            let result = try await bench.result(of: id)
            #expect(result.state == .failure)
            #expect(result.failure == .timeLimitExceeded(0.4))
            #expect(result.attempt == 1)
            #expect(try await bench.result(of: bench.send("example.add", 1, 2)).value == 3)
            #expect(child.count == 1)
            #expect(Set(worker.children).isDisjoint(with: child))
            try await worker.stop()
            #expect(try await bench.location(of: id) == nil)
        }

        @Test func `a task within its limits is left alone`() async throws {
            var bench = try Bench()
            try bench.addExample("wait", TaskOptions(timeLimit: .seconds(60), softTimeLimit: .seconds(50)))
            let worker = try await bench.start()
            #expect(try await bench.result(of: bench.send("example.wait", 0.05)).value == "waited 0.05 s")
            try await worker.stop()
        }

        @Test func `sends a program TERM at its soft limit`() async throws {
            var bench = try Bench()
            // The limit counts from the start of the shell, which has to set its trap first.
            let tidyLimit = Duration.seconds(2).onThisMachine
            try bench.addProgram("sleep", TaskOptions(softTimeLimit: .milliseconds(300)), "exec sleep 600")
            try bench.addProgram("tidy", TaskOptions(softTimeLimit: tidyLimit), "trap 'echo tidied; exit 0' TERM; touch started.x; while :; do sleep 0.05; done")
            let worker = try await bench.start(children: 2)
            let (sleeping, tidy) = (try await bench.send("sleep"), try await bench.send("tidy"))
            #expect(try await bench.result(of: sleeping).failure == .softTimeLimitExceeded(0.3))
            #expect(try await bench.result(of: tidy).value == "tidied")
            try await worker.stop()
        }

        @Test func `kills a program and all it started at its hard limit`() async throws {
            var bench = try Bench()
            // By its soft limit it must have set its trap, and by the hard one have written its files.
            let (hard, soft) = (Duration.seconds(3).onThisMachine, Duration.seconds(2).onThisMachine)
            try bench.addProgram(
                "stubborn", TaskOptions(timeLimit: hard, softTimeLimit: soft),
                """
                trap '' TERM
                sleep 600 & echo $! >inner
                (setsid sleep 600 & echo $! >outer)
                while :; do sleep 0.05; done
                """)
            let worker = try await bench.start()
            let children = worker.children
            let result = try await bench.result(of: bench.send("stubborn"))
            #expect(result.failure == .timeLimitExceeded(hard.inSeconds))
            for name in ["inner", "outer"] {
                let id = try #require(Int32(bench.folder.read(name)?.dropLast() ?? ""))
                #expect(kill(id, 0) == -1 && errno == ESRCH, "\(name)")
            }
            // The child did that by itself, and lives.
            #expect(worker.children == children)
            try await worker.stop()
        }

        @Test func `limits of the message come before those of the task, and these before the worker's`() async throws {
            var bench = try Bench()
            try bench.addExample("wait", TaskOptions(softTimeLimit: .seconds(500)))
            try bench.addExample("fetch")
            try bench.addProgram("sleep", "exec sleep 600")
            let worker = try await bench.start { $0.softTimeLimit = 0.15 }
            var message = bench.message("example.wait", [600])
            message.softTimeLimit = 0.1
            try await bench.broker.publish([message])
            #expect(try await bench.result(of: message.id).failure == .softTimeLimitExceeded(0.1))
            #expect(try await bench.result(of: bench.send("sleep")).failure == .softTimeLimitExceeded(0.15))
            try await worker.stop()
        }
    }

    @Suite struct Programs {
        @Test func `what a program leaves behind is ended, even if it forked twice`() async throws {
            var bench = try Bench()
            try bench.addProgram(
                "daemon",
                """
                (setsid sh -c 'echo $$ >daemon.pid; exec sleep 600' &)
                while test ! -s daemon.pid; do sleep 0.01; done
                echo left
                """)
            let worker = try await bench.start()
            let id = try await bench.send("daemon")
            #expect(try await bench.result(of: id).value == "left")
            let daemon = try #require(Int32(bench.folder.read("daemon.pid")?.dropLast() ?? ""))
            #expect(kill(daemon, 0) == -1 && errno == ESRCH)
            try await worker.stop()
            #expect(worker.log.contains("warning: daemon[\(id)]: killed 1 process the task left behind"))
        }

        @Test func `a background process that holds stdout open holds up nothing`() async throws {
            var bench = try Bench()
            try bench.addProgram("background", "sleep 600 & echo away")
            let worker = try await bench.start()
            #expect(try await bench.result(of: bench.send("background")).value == "away")
            try await worker.stop()
        }

        @Test func `too much on stdout is a failure, and not kept`() async throws {
            var bench = try Bench()
            try bench.addProgram("chatty", TaskOptions(maxOutputBytes: 1_000), "yes | head -c 5000000")
            try bench.addProgram("exact", TaskOptions(maxOutputBytes: 1_000), "yes 123456789 | head -c 1000")
            let worker = try await bench.start()
            let failure = try await bench.result(of: bench.send("chatty")).failure
            #expect(failure?.type == "OutputTooLarge")
            #expect(failure?.message == "wrote more than 1000 bytes to stdout; raise max_output, or write to a file")
            #expect(try await bench.result(of: bench.send("exact")).value.stringValue?.utf8.count == 999)
            try await worker.stop()
        }

        @Test func `too much on stderr is cut in the log, and its tail kept`() async throws {
            var bench = try Bench()
            // Lines of 100 bytes, newline included.
            try bench.addProgram("noisy", "yes $(printf %099d 7) | head -c 2000000 >&2; echo last words >&2; exit 1")
            let worker = try await bench.start()
            let id = try await bench.send("noisy")
            let result = try await bench.result(of: id)
            #expect(result.errorOutput?.utf8.count == 8 << 10)
            #expect(result.traceback?.hasSuffix("0007\nlast words\n") == true)
            try await worker.stop()
            let lines = worker.log.lines.filter { $0.hasPrefix("info: noisy[\(id)]: ") }
            let noise = lines.count { $0.hasSuffix("0007") } * 100
            // Each line counts with the rest of its line in the log, another 100 bytes.
            #expect(noise * 2 >= 64 << 10 && noise * 2 < 64 << 10 + 500)
            let rest = 2_000_000 + "last words\n".utf8.count - noise
            #expect(lines.last == "info: noisy[\(id)]: ... \(rest) more bytes of stderr are not shown")
        }

        @Test func `a program need not read its input`() async throws {
            var bench = try Bench()
            try bench.addProgram("deaf", "exec <&-; echo heard nothing")
            let worker = try await bench.start()
            let id = try await bench.send("deaf", .string(String(repeating: "x", count: 50_000)))
            #expect(try await bench.result(of: id).value == "heard nothing")
            try await worker.stop()
        }
    }
}
