import CeleryCore
import Fixtures
import Glibc
import Testing

/// Limits of one run, by task, call and worker.
@Suite(.blocking) struct LimitTests {
    private func project() throws -> Project {
        let project = try Project()
        try project.task("sleep.sh", "#!/bin/sh\n# celery: time_limit=30 soft_time_limit=0.6\nexec sleep 600\n")
        try project.task("plain.sh", "#!/bin/sh\nexec sleep 600\n")
        try project.task("nap.sh", "#!/bin/sh\n# celery: time_limit=0.2\nsleep ${1:-600}; echo slept\n")
        try project.task("eat.py", "#!/usr/bin/env python3\n# celery: max_memory=64m\nimport sys, time\nx = b'x' * (int(sys.argv[1]) << 20)\ntime.sleep(0.3)\nprint('ate')\n")
        return project
    }

    @Test func `what the call says counts before the task, and that before the worker`() throws {
        let project = try project()
        // Of two limits that are over the hard one counts, so the worker's and that of `sleep` are far from their soft ones.
        try project.startWorker("--time-limit 30 --soft-time-limit 0.4")
        for (words, expected) in [
            ("demo.tasks.plain", Ended(errors: "SoftTimeLimitExceeded: 0.4\n", status: 1)),
            ("demo.tasks.sleep", Ended(errors: "SoftTimeLimitExceeded: 0.6\n", status: 1)),
            ("demo.tasks.sleep --soft-time-limit 0.2", Ended(errors: "SoftTimeLimitExceeded: 0.2\n", status: 1)),
            // Shorter than the soft one, so that is never told.
            ("demo.tasks.sleep --time-limit 0.3", Ended(errors: "TimeLimitExceeded: 0.3\n", status: 1)),
            // Longer than the task's own.
            ("demo.tasks.nap 0.6 --time-limit 30 --soft-time-limit 20", Ended("slept\n")),
            ("demo.tasks.nap --soft-time-limit 20", Ended(errors: "TimeLimitExceeded: 0.2\n", status: 1)),
            // None is no limit of its own, as in Python.
            ("demo.tasks.nap --time-limit 0", Ended(errors: "TimeLimitExceeded: 0.2\n", status: 1)),
        ] {
            try project.expect("celery apply \(words) --wait --timeout 30", expected)
        }
        let id = try project.run("celery apply --batch -", input: #"{"task": "demo.tasks.plain", "time_limit": "30s", "soft_time_limit": 0.1}"# + "\n").text
        try project.expect("celery result --wait \(id)", Ended(errors: "SoftTimeLimitExceeded: 0.1\n", status: 1))
    }

    @Test func `what holds too much memory is killed, exits with 137, and is told from what somebody killed`() throws {
        let project = try project()
        try project.task("suicide.sh", "#!/bin/sh\n# celery: max_memory=64m\nkill -9 $$\n")
        try project.startWorker("--task-max-memory 100m")
        try project.expect("celery apply demo.tasks.eat 10 --wait", Ended("ate\n"))
        let ended = try project.run("celery apply demo.tasks.eat 300 --wait --json")
        #expect(ended.status == 137)
        let object = try JSON(parsing: ended.output)
        #expect(object["error"]?["type"] == "MemoryLimitExceeded")
        #expect(object["error"]?["arguments"]?.arrayValue?.dropFirst().first == 67_108_864)
        #expect(object["exit_status"] == 137)
        let other = try project.run("celery apply demo.tasks.suicide --wait")
        #expect(other == Ended(errors: "CalledProcessError: demo.tasks.suicide died of signal 9\n", status: 137))
        try project.expect("celery apply demo.tasks.eat 100 --max-memory 400m --wait", Ended("ate\n"))
        try project.task("free.py", "#!/usr/bin/env python3\nimport time\nx = b'x' * (150 << 20)\ntime.sleep(1)\nprint('ate')\n")
        try project.stopWorker()
        // The worker's own, of tasks that say nothing.
        try project.startWorker("--task-max-memory 100m")
        #expect(try project.run("celery apply demo.tasks.free --wait").errors.hasSuffix("of memory; the limit is 100 MB\n"))
        try project.stopWorker()
        try project.startWorker(with: ["CELERYD_TASK_MAX_MEMORY": "0"])
        try project.expect("celery apply demo.tasks.free --wait", Ended("ate\n"))
    }

    @Test func `tasks lists what a task says of retries and memory`() throws {
        let project = try project()
        try project.task("all.sh", "#!/bin/sh\n# celery: autoretry=1,SIGTERM retry_backoff=yes retry_backoff_max=1m retry_jitter=none retry_until=1h max_memory=1m\n")
        let line = try project.run("celery tasks").lines.first { $0.hasPrefix("demo.tasks.all\t") }
        #expect(
            line == "demo.tasks.all\tdemo/tasks/all.sh\tautoretry=\"1,SIGTERM\"\tretry_backoff=1\tretry_backoff_max=60\tretry_jitter=none\tretry_until=3600\tmax_memory=1048576")
    }

    /// A control group of version 1 in which a worker can be short of memory, for the machines that have that.
    private final class ScarceMemory {
        let path: String

        init?() {
            guard let line = Self.text("/proc/self/cgroup").split(separator: "\n").first(where: { $0.contains(":memory:") }),
                let own = line.split(separator: ":", maxSplits: 2).last
            else { return nil }
            path = "/sys/fs/cgroup/memory\(own)/celery-tests-\(getpid())"
            guard mkdir(path, 0o755) == 0 else { return nil }
        }

        deinit { rmdir(path) }

        static func text(_ path: String) -> String { String(decoding: Leftovers.content(path), as: UTF8.self) }

        static let isPossible = ScarceMemory() != nil
    }

    @Test(.enabled(if: ScarceMemory.isPossible, "needs a control group of version 1 for memory that may be written"))
    func `what the kernel kills for want of memory is told as that`() throws {
        let memory = try #require(ScarceMemory())
        let project = try Project()
        try project.task("gulp.py", "#!/usr/bin/env python3\nx = b'x' * (400 << 20)\n")
        try project.task("suicide.sh", "#!/bin/sh\nkill -9 $$\n")
        _ = try project.run("echo 200m >\(memory.path)/memory.limit_in_bytes && echo 0 >\(memory.path)/memory.swappiness").text
        _ = try project.run("sh -c 'echo $$ >\(memory.path)/cgroup.procs; exec celery celeryd --detach -p w.pid -f w.log -c1'").text
        #expect(
            try project.run("celery apply demo.tasks.gulp --wait")
                == Ended(errors: "MemoryError: the kernel killed demo.tasks.gulp with signal 9: out of memory\n", status: 137))
        #expect(
            try project.run("celery apply demo.tasks.suicide --wait")
                == Ended(errors: "CalledProcessError: demo.tasks.suicide died of signal 9\n", status: 137))
        try project.stopWorker()
    }
}
