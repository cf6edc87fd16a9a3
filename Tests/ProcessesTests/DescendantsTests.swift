import Fixtures
import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct DescendantsTests {
        let folder = TemporaryFolder()

        /// Forks twice, with a session of its own in between, and leaves a grandchild that ignores TERM.
        private func daemoniser() throws -> String {
            try folder.program("program",
                """
                #!/usr/bin/env python3
                import os, signal, time
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        signal.signal(signal.SIGTERM, signal.SIG_IGN)
                        open("\(folder.path)/grandchild", "w").write(str(os.getpid()))
                        time.sleep(1000)
                    os._exit(0)
                while not os.path.exists("\(folder.path)/grandchild") or not open("\(folder.path)/grandchild").read():
                    time.sleep(0.001)
                """)
        }

        @Test(arguments: ["files", "scan"])
        func `finds a grandchild that forked twice into its own session`(_ source: String) throws {
            let (output, _) = try Probe.run("reap", source, try daemoniser())
            #expect(output == "killed 1 survivors 0 left 0\n")
            let grandchild = try #require(ProcessID(try contents(of: folder.file("grandchild"))))
            #expect(kill(grandchild, 0) == -1 && errno == ESRCH)
        }

        @Test(arguments: ["files", "scan"])
        func `spares those that others wait for`(_ source: String) throws {
            let (output, _) = try Probe.run("reap", source, try daemoniser(), "1000")
            #expect(output == "killed 1 survivors 0 left 1\nspared ended by signal KILL\n")
        }

        @Test func `leaves alone what its starter keeps`() throws {
            let (output, _) = try Probe.run("reap", "files", try daemoniser(), "1000", "kept")
            #expect(output == "killed 1 survivors 0 left 1\nspared ended by signal KILL\n")
        }

        @Test func `keeps up with those that fork while they are being killed`() throws {
            let program = try folder.program("breeder",
                """
                #!/bin/bash
                # Each has a successor at once, in a session of its own, for as long as it lives.
                breed() { for i in 1 2 3; do setsid "$0" child & done; wait; }
                if [ "$1" = child ]; then [ $(pgrep -fc "$0") -lt 40 ] && breed; sleep 1000; fi
                for i in 1 2 3; do setsid "$0" child & done
                while [ $(pgrep -fc "$0") -lt 12 ]; do :; done
                """)
            let (output, _) = try Probe.run("reap", "files", program)
            #expect(output.hasSuffix(" survivors 0 left 0\n"))
            let left = try capture(Spawn("/usr/bin/pgrep", arguments: ["pgrep", "-fc", program], environment: .current()))
            #expect(left.output == "0\n")
        }

        @Test func `nothing left to do`() throws {
            #expect(try Probe.run("reap", "files", "/bin/true").output == "killed 0 survivors 0 left 0\n")
        }

        @Test func `both ways of looking find the same`() throws {
            let pipe = try Pipe()
            var spawn = Spawn("/bin/sh", arguments: ["sh", "-c", "cat | cat; true"], environment: .current())
            spawn.standardInput = .descriptor(pipe.readEnd)
            spawn.standardOutput = .null
            let process = try spawn.start()
            let byFiles = ProcessTable(usesChildrenFiles: true)
            #expect(eventually { byFiles.descendants(of: process.id).count == 2 })
            let listed = Set(byFiles.descendants(of: process.id).map(\.id))
            try #require(!listed.isEmpty)
            #expect(Set(ProcessTable(usesChildrenFiles: false).descendants(of: process.id).map(\.id)) == listed)
            #expect(byFiles.descendants(of: process.id, sparing: [listed.min()!]).map(\.id) == [listed.max()!])
            pipe.writeEnd.close()
            #expect(try process.wait().status == .exited(0))
        }

        @Test func `reads a line of stat with a name that pretends`() {
            let line = "42 (a) Z 1 2) (b) S 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 991235 10 11"
            let stat = ProcessStat(line: line)
            #expect(stat?.id == 42)
            #expect(stat?.state == "S")
            #expect(stat?.parent == 7)
            #expect(stat?.group == 8)
            #expect(stat?.session == 9)
            #expect(stat?.startTicks == 991_235)
            #expect(ProcessStat(line: "42 (short) S 7") == nil)
        }
    }

    @Suite struct ProcessGroupTests {
        let folder = TemporaryFolder()

        private func group(_ script: String) throws -> ProcessGroup {
            let pipe = try Pipe()
            var spawn = Spawn("/bin/bash", arguments: ["bash", "-c", script], environment: .current())
            spawn.placement = .newGroup
            spawn.standardOutput = .descriptor(pipe.writeEnd)
            let group = ProcessGroup(leader: try spawn.start(pidfd: true))
            pipe.writeEnd.close()
            // The script says when its traps are set.
            #expect(try pipe.readEnd.waitReadable(timeout: .seconds(10)))
            return group
        }

        @Test func `TERM is enough for one that heeds it`() throws {
            let group = try group("trap 'exit 7' TERM; echo; while :; do sleep 0.01; done")
            #expect(try group.terminate(grace: .seconds(10)).status == .exited(7))
        }

        @Test func `KILL follows for one that does not`() throws {
            let group = try group("trap '' TERM; echo; while :; do sleep 1000; done")
            #expect(try group.terminate(grace: .milliseconds(20)).status == .signaled(SIGKILL, coreDumped: false))
            #expect(eventually { kill(-group.leader.id, 0) == -1 && errno == ESRCH })
        }

        @Test func `a stopped one is woken to hear it`() throws {
            let group = try group("trap 'exit 7' TERM; echo; kill -STOP $$; while :; do sleep 0.01; done")
            #expect(eventually { ProcessStat(group.leader.id)?.state == "T" })
            #expect(try group.terminate(grace: .seconds(10)).status == .exited(7))
        }

        @Test func `those that outlive the leader are killed`() throws {
            let group = try group("(trap '' TERM; echo; exec sleep 1000) & wait")
            #expect(try group.terminate(grace: .seconds(10)).status == .signaled(SIGTERM, coreDumped: false))
            #expect(eventually { kill(-group.leader.id, 0) == -1 && errno == ESRCH })
        }
    }
}
