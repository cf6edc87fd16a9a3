import Fixtures
import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct SpawnTests {
        let folder = TemporaryFolder()

        @Test func `hands on arguments, environment and folder as they are`() throws {
            let program = try folder.program("program", "#!/bin/sh\nprintf '%s|' \"$0\" \"$@\" \"$COLOUR\"; pwd; env | wc -l\n")
            let environment = Environment(["COLOUR": "blau\nrot"])
            var spawn = Spawn(program, arguments: ["ignored", "a b", "", "*"], environment: environment)
            spawn.workingDirectory = "/usr"
            // dash adds PWD by itself.
            #expect(try capture(spawn).output == "\(program)|a b||*|blau\nrot|/usr\n3\n")
        }

        @Test func `environment keeps values that are not text`() throws {
            setenv("PROCESSES_TEST", "caf\u{e9}", 1)
            let name = strdup("PROCESSES_RAW=\u{1}")!
            name[14] = CChar(bitPattern: 0xE9)
            putenv(name)
            var spawn = Spawn("/usr/bin/od", arguments: ["od", "-An", "-tx1", "/proc/self/environ"], environment: .current())
            for entry in ["PATH", "PROCESSES_TEST"] { spawn.environment[entry] = nil }
            let (output, _) = try capture(spawn)
            unsetenv("PROCESSES_RAW")
            #expect(output.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains("5f 52 41 57 3d e9 00"))
            #expect(spawn.environment["PATH"] == nil)
            #expect(Environment.current()["PROCESSES_TEST"] == "caf\u{e9}")
        }

        @Test func `tells how the program ended and what it used`() throws {
            let exits = try Spawn("/bin/sh", arguments: ["sh", "-c", "exit 75"], environment: .current()).start().wait()
            #expect(exits.status == .exited(75))
            #expect(exits.status.description == "exit status 75")
            #expect(exits.peakMemoryBytes > 100_000)
            let dies = try Spawn("/bin/sh", arguments: ["sh", "-c", "kill -TERM $$"], environment: .current()).start().wait()
            #expect(dies.status == .signaled(SIGTERM, coreDumped: false))
            #expect(dies.status.shellStatus == 143)
            #expect(dies.status.description == "signal TERM")
            #expect(WaitStatus(raw: 0x8B).description == "signal SEGV (core dumped)")
        }

        @Test func `waits on a pidfd and looks without waiting`() throws {
            let pipe = try Pipe()
            var spawn = Spawn("/bin/cat", arguments: ["cat"], environment: .current())
            spawn.standardInput = .descriptor(pipe.readEnd)
            let process = try spawn.start(pidfd: true)
            #expect(try process.tryWait() == nil)
            #expect(try !process.waitUntilEnded(timeout: .zero))
            pipe.writeEnd.close()
            #expect(try process.waitUntilEnded(timeout: .seconds(10)))
            #expect(try process.tryWait()?.status == .exited(0))
            #expect(throws: SystemError(ECHILD, "wait for process \(process.id)")) { try process.wait() }
        }

        @Test func `child gets exactly the descriptors it was given`() throws {
            let stray = open("/dev/null", O_RDONLY)
            defer { close(stray) }
            let pair = try SocketPair()
            let pipe = try Pipe()
            let script = "echo hello >&3; ls /proc/$$/fd; true"
            var spawn = Spawn("/bin/sh", arguments: ["sh", "-c", script], environment: .current())
            spawn.standardInput = .null
            spawn.inherited = [3: pair.far, 4: pipe.writeEnd]
            let (output, _) = try capture(spawn)
            #expect(output.split(separator: "\n") == ["0", "1", "2", "3", "4"])
            pair.far.close()
            #expect(try String(decoding: pair.near.readToEnd(), as: UTF8.self) == "hello\n")
        }

        @Test func `descriptors can swap their numbers`() throws {
            let (one, two) = (try folder.write("one", to: "1"), try folder.write("two", to: "2"))
            // Place them at numbers that are targets as well.
            let first = OwnedDescriptor(owning: open(one, O_RDONLY | O_CLOEXEC))
            let second = OwnedDescriptor(owning: open(two, O_RDONLY | O_CLOEXEC))
            let script = "cat <&\(first.number); cat <&\(second.number)"
            var spawn = Spawn("/bin/bash", arguments: ["bash", "-c", script], environment: .current())
            spawn.inherited = [first.number: second, second.number: first]
            #expect(try capture(spawn).output == "twoone")
            spawn.inherited = [first.number: first, second.number: second]
            lseek(first.number, 0, SEEK_SET)
            lseek(second.number, 0, SEEK_SET)
            #expect(try capture(spawn).output == "onetwo")
        }

        @Test func `a group, a session, a clean mask and default signals`() throws {
            SignalDispositions.settle()
            var blocked = sigset_t()
            sigemptyset(&blocked)
            sigaddset(&blocked, SIGUSR2)
            var before = sigset_t()
            pthread_sigmask(SIG_BLOCK, &blocked, &before)
            defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
            // Of what is ignored only the classic signals: glibc hides two of its own behind them.
            let script = """
                read _ _ _ ppid pgrp session rest </proc/self/stat
                grep Sig /proc/self/status | while read name value; do
                    case $name in SigBlk:) echo blocked $((0x$value)) ;; SigIgn:) echo ignored $((0x$value & 0x7fffffff)) ;; esac
                done
                test $pgrp = $$ && echo group
                test $session = $$ && echo session
                """
            var spawn = Spawn("/bin/bash", arguments: ["bash", "-c", script], environment: .current())
            let clean = "blocked 0\nignored 0\n"
            let inOurs = try capture(spawn).output
            #expect(inOurs == clean)
            spawn.placement = .newGroup
            #expect(try capture(spawn).output == clean + "group\n")
            spawn.placement = .newSession
            #expect(try capture(spawn).output == clean + "group\nsession\n")
        }
    }
}
