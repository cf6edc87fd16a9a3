import Fixtures
import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct DaemonizerTests {
        let folder = TemporaryFolder()
        var pidFile: String { "\(folder.path)/w.pid" }
        var logFile: String { "\(folder.path)/w.log" }

        @Test func `returns when the daemon is ready, which then works alone until it is told to end`() throws {
            let (output, status) = try Probe.run("detach", pidFile, logFile, "work")
            #expect(output == "")
            #expect(status == .exited(0))
            guard case .live(let daemon) = try PIDFile.state(at: pidFile) else { Issue.record("no daemon"); return }
            #expect(try contents(of: folder.file("w.log")) == "daemon leads session false group true terminal false variable false\n")
            #expect(try contents(of: "/proc/\(daemon)/comm") == "probe\n")
            let second = try Probe.run("detach", pidFile, logFile, "work")
            #expect(second.output == "pidfile \(pidFile) is held by process \(daemon), which is running\n")
            #expect(second.status == .exited(73))
            #expect(try PIDFile.signal(SIGTERM, at: pidFile) == daemon)
            #expect(try PIDFile.waitUntilGone(at: pidFile, timeout: .seconds(10)))
            #expect(try contents(of: folder.file("w.log")).hasSuffix("\nended\n"))
            #expect(access(pidFile, F_OK) == -1)
            var file = stat()
            stat(logFile, &file)
            #expect(file.st_mode & 0o777 == 0o600)
        }

        @Test func `restarts in place, with the same id and the lock held throughout`() throws {
            _ = try Probe.run("detach", pidFile, logFile, "work")
            let daemon = try #require(try PIDFile.signal(SIGHUP, at: pidFile))
            #expect(try eventually { try contents(of: folder.file("w.log")).hasSuffix("\nrestarted \(daemon)\n") })
            #expect(try PIDFile.state(at: pidFile) == .live(daemon))
            #expect(try PIDFile.signal(SIGTERM, at: pidFile) == daemon)
            #expect(try PIDFile.waitUntilGone(at: pidFile, timeout: .seconds(10)))
            #expect(access(pidFile, F_OK) == -1)
        }

        @Test func `passes on the daemon's error and status`() throws {
            let (output, status) = try Probe.run("detach", pidFile, logFile, "fail")
            #expect(output == "cannot reach broker\nhint: start it\n")
            #expect(status == .exited(69))
            #expect(try PIDFile.state(at: pidFile) == .free)
        }

        @Test func `shows the end of the log of a daemon that died`() throws {
            try folder.write("from yesterday\n", to: "w.log")
            try folder.write("1\n", to: "w.pid")
            let (output, status) = try Probe.run("detach", pidFile, logFile, "crash")
            let notice = "notice: stale pidfile \(pidFile) (process 1 is another program now), replacing it\n"
            #expect(output == notice + "the daemon ended before it was ready; the end of \(logFile):\n  about to crash\n")
            #expect(status == .exited(70))
            #expect(eventually { (try? PIDFile.state(at: pidFile)) == .free })
        }

        @Test func `ends a daemon that says nothing, even one that is stopped`() throws {
            let (output, status) = try Probe.run("detach", pidFile, logFile, "stop")
            #expect(output == "the daemon was not ready within 2 seconds, and was ended; the end of \(logFile):\n  about to stop\n")
            #expect(status == .exited(75))
            #expect(try PIDFile.state(at: pidFile) == .free)
        }

        @Test(arguments: ["", "daemon", "daemon:-:-:", "daemon:777:-:", "restarted:x:-:"])
        func `refuses a part that nobody gave it`(_ value: String) throws {
            var spawn = Probe.spawn(["detach", pidFile, logFile, "work"])
            spawn.environment["CELERY_ROLE"] = value
            let (output, status) = try capture(spawn)
            #expect(output.hasPrefix("cannot "))
            #expect(status == .exited(70))
        }

        @Test func `refuses an unusable log file in front of the user`() throws {
            let (output, status) = try Probe.run("detach", pidFile, "/no/such/w.log", "work")
            #expect(output == "cannot open log file /no/such/w.log: no such file or directory\n")
            #expect(status == .exited(73))
            #expect(access(pidFile, F_OK) == -1)
        }
    }

    @Suite struct LogFileTests {
        let folder = TemporaryFolder()

        @Test func `writes to the new file after a rotation, under the same number`() throws {
            let path = "\(folder.path)/w.log"
            let log = try LogFile(path)
            let number = log.descriptor.number
            try log.descriptor.write("one\n")
            rename(path, path + ".1")
            try log.descriptor.write("two\n")
            try log.reopen()
            try log.descriptor.write("three\n")
            #expect(log.descriptor.number == number)
            #expect(try contents(of: folder.file("w.log.1")) == "one\ntwo\n")
            #expect(try contents(of: folder.file("w.log")) == "three\n")
            #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)
        }

        @Test func `keeps the old file when the new one cannot be had`() throws {
            mkdir("\(folder.path)/logs", 0o755)
            let log = try LogFile("\(folder.path)/logs/w.log")
            rename("\(folder.path)/logs", "\(folder.path)/moved")
            #expect(throws: SystemError.self) { try log.reopen() }
            try log.descriptor.write("still here\n")
            #expect(try contents(of: folder.file("moved/w.log")) == "still here\n")
        }

        @Test func `shows its last lines from a mark on`() throws {
            let path = try folder.write("old\n", to: "w.log")
            let log = try LogFile(path)
            let mark = log.size
            try log.descriptor.write("one\n\ntwo\nthree\n")
            #expect(log.lines(since: mark, last: 2) == ["two", "three"])
            #expect(log.lines(since: mark, last: 9) == ["one", "two", "three"])
        }
    }
}
