import Fixtures
import Glibc
import Processes
import Testing

extension ProcessesTests {
    /// A folder stands in for the kernel's: its files do not go with `rmdir`, so something else takes them away.
    @Suite struct ControlGroupTests {
        let folder = TemporaryFolder()

        private var room: ControlGroupRoom {
            ControlGroupRoom(path: folder.path) { path in
                (try? Spawn("/bin/rm", arguments: ["rm", "-rf", path], environment: .current()).start().wait().status) == .exited(0)
            }
        }

        private func names() -> [String] {
            guard let stream = opendir(folder.path) else { return [] }
            defer { closedir(stream) }
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
                if !name.hasPrefix(".") { names.append(name) }
            }
            return names
        }

        private func read(_ path: String) -> String? {
            let number = open(path, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { return nil }
            return (try? OwnedDescriptor(owning: number).readToEnd()).map { String(decoding: $0, as: UTF8.self) }
        }

        private func write(_ text: String, _ path: String) throws {
            let number = try Syscall.check("create", path: path) { open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
            try OwnedDescriptor(owning: number).write(text)
        }

        @Test func `a group has its limit, no swap, and dies as a whole`() throws {
            let group = try room.makeGroup(memoryLimit: 64 << 20)
            #expect(read("\(group.path)/memory.max") == "67108864")
            #expect(read("\(group.path)/memory.swap.max") == "0")
            #expect(read("\(group.path)/memory.oom.group") == "1")
            #expect(try room.makeGroup(memoryLimit: 1).path != group.path)
        }

        @Test func `a program is in its group before it executes, and so is all it starts`() throws {
            let group = try room.makeGroup(memoryLimit: 1 << 20)
            var spawn = Spawn("/bin/cat", arguments: ["cat", "\(group.path)/cgroup.procs"], environment: Environment())
            spawn.confinement = Spawn.Confinement(group: group)
            #expect(try capture(spawn).output == "0")
        }

        @Test func `tells how many the kernel has killed, and the peak`() throws {
            let group = try room.makeGroup(memoryLimit: 1)
            #expect((group.memory.kills, group.memory.peak) == (0, 0))
            try write("low 0\nhigh 0\nmax 91\noom 2\noom_kill 3\noom_group_kill 1\n", "\(group.path)/memory.events")
            try write("70254592\n", "\(group.path)/memory.peak")
            #expect((group.memory.kills, group.memory.peak) == (3, 70_254_592))
        }

        @Test func `closing kills what is in it and takes it away`() throws {
            let group = try room.makeGroup(memoryLimit: 1)
            let sleeper = try Spawn("/bin/sleep", arguments: ["sleep", "600"], environment: Environment()).start()
            // Where there is no cgroup.kill (before Linux 5.14) they are killed one by one: a folder cannot be written to.
            mkdir("\(group.path)/cgroup.kill", 0o755)
            try write("\(sleeper.id)\n", "\(group.path)/cgroup.procs")
            group.close()
            #expect(try sleeper.wait().status == .signaled(SIGKILL, coreDumped: false))
            #expect(names().isEmpty)
        }

        @Test func `a group whose limit cannot be set does not stay`() {
            let full = ControlGroupRoom(path: "/proc/self")
            #expect(throws: SystemError.self) { try full.makeGroup(memoryLimit: 1) }
            #expect(throws: SystemError.self) { try ControlGroupRoom(path: folder.path + "/none").makeGroup(memoryLimit: 1) }
            #expect(names().isEmpty)
        }

        @Test func `a sweep takes what the dead have left, and nothing else`() throws {
            let living = try room.makeGroup(memoryLimit: 1)
            let dead = try Spawn("/bin/true", arguments: ["true"], environment: Environment()).start()
            _ = try dead.wait()
            let ours = try #require(ProcessIdentity.current)
            for name in ["celery-task.\(dead.id).5.1", "celery-task.\(ours.id).\(ours.startTicks + 1).1", "celery-task.x", "other"] {
                mkdir(folder.path + "/" + name, 0o755)
            }
            room.sweep()
            #expect(Set(names()) == ["celery-task.x", "other", String(living.path.split(separator: "/").last!)])
        }

        private static let mounts = """
            25 30 0:23 / /sys rw shared:7 - sysfs sysfs rw
            31 25 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
            """

        @Test func `finds its own group in the tree`() {
            func own(_ groups: String, _ mounts: String = Self.mounts) -> String? {
                ControlGroupPlace(groups: groups, mounts: mounts, hasSystemd: true).own
            }
            #expect(own("0::/system.slice/celery.service\n") == "/sys/fs/cgroup/system.slice/celery.service")
            #expect(own("4:memory:/x\n0::/\n") == "/sys/fs/cgroup")
            #expect(own("0::/../outside\n") == nil)
            #expect(own("4:memory:/x\n") == nil)
            #expect(own("0::/a", "31 25 0:27 / /c rw - cgroup cgroup rw,memory") == nil)
            // A part of the tree that is mounted elsewhere.
            #expect(own("0::/a/b", "31 25 0:27 /a /c rw - cgroup2 cgroup2 rw") == "/c/b")
            #expect(own("0::/ab", "31 25 0:27 /a /c rw - cgroup2 cgroup2 rw") == nil)
        }

        /// A tree of folders like the kernel's, with this process in the group `/unit`.
        private func tree(_ own: String, enabled: String) throws -> ControlGroupPlace {
            mkdir("\(folder.path)/unit", 0o755)
            try write("cpu memory pids", "\(folder.path)/unit/cgroup.controllers")
            try write(enabled, "\(folder.path)/unit/cgroup.subtree_control")
            try write("4711\n4712\n", "\(folder.path)/unit/cgroup.procs")
            return ControlGroupPlace(groups: "0::\(own)\n", mounts: "31 25 0:27 / \(folder.path) rw - cgroup2 cgroup2 rw", hasSystemd: false)
        }

        @Test func `uses a group that bounds the memory of those below it`() throws {
            #expect(ControlGroupRoom.prepare(try tree("/unit", enabled: "cpu memory"))?.path == "\(folder.path)/unit")
            #expect(read("\(folder.path)/unit/cgroup.subtree_control") == "cpu memory")
        }

        @Test func `turns that on where it is off`() throws {
            #expect(ControlGroupRoom.prepare(try tree("/unit", enabled: "cpu"))?.path == "\(folder.path)/unit")
            #expect(read("\(folder.path)/unit/cgroup.subtree_control") == "+memory")
        }

        @Test func `uses the group above when it is in one below its unit`() throws {
            let place = try tree("/unit/celery-worker", enabled: "memory")
            mkdir("\(folder.path)/unit/celery-worker", 0o755)
            #expect(ControlGroupRoom.prepare(place)?.path == "\(folder.path)/unit")
        }

        @Test func `leaves alone what systemd has not delegated`() throws {
            _ = try tree("/unit", enabled: "memory")
            let place = ControlGroupPlace(groups: "0::/unit\n", mounts: "31 25 0:27 / \(folder.path) rw - cgroup2 cgroup2 rw", hasSystemd: true)
            #expect(ControlGroupRoom.prepare(place) == nil)
            // systemd's mark; not every file system of /tmp takes one.
            guard mark("\(folder.path)/unit") else { return }
            #expect(ControlGroupRoom.prepare(place)?.path == "\(folder.path)/unit")
        }

        private func mark(_ path: String) -> Bool {
            let mark = Spawn("/usr/bin/python3", arguments: ["python3", "-c", "import os,sys; os.setxattr(sys.argv[1], 'user.delegate', b'1')", path], environment: .current())
            return (try? mark.start().wait().status) == .exited(0)
        }

        @Test func `is content without a tree, or without the controller`() throws {
            #expect(ControlGroupRoom.prepare(ControlGroupPlace(groups: "", mounts: "", hasSystemd: false)) == nil)
            let place = try tree("/unit", enabled: "cpu")
            try write("cpu", "\(folder.path)/unit/cgroup.controllers")
            #expect(ControlGroupRoom.prepare(place) == nil)
        }

        @Test func `counts what the kernel has killed, in the words of either version`() throws {
            try write("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", folder.path + "/old")
            try write("oom 1\noom_kill 5\n", folder.path + "/new")
            #expect(OutOfMemoryCount(candidates: [folder.path + "/none", folder.path + "/old"]).read() == 2)
            #expect(OutOfMemoryCount(candidates: [folder.path + "/new"]).read() == 5)
            #expect(OutOfMemoryCount(candidates: [folder.path + "/none"]).read() == 0)
        }
    }

    @Suite struct ConfinedSpawnTests {
        private func confined(_ script: String, dataLimit: Int = 1 << 40) -> Spawn {
            var spawn = Spawn("/bin/sh", arguments: ["sh", "-c", script], environment: Environment(["PATH": "/usr/bin:/bin"]))
            spawn.confinement = Spawn.Confinement(dataLimit: dataLimit)
            return spawn
        }

        @Test func `has its limit from the start, and we have not`() throws {
            var before = rlimit()
            getrlimit(__rlimit_resource_t(2), &before)
            #expect(try capture(confined("ulimit -d", dataLimit: 5_000 << 10)).output == "5000\n")
            var after = rlimit()
            getrlimit(__rlimit_resource_t(2), &after)
            #expect(before.rlim_cur == after.rlim_cur && before.rlim_max == after.rlim_max)
        }

        @Test func `begins as any other: folder, descriptors, group, signals`() throws {
            let pipe = try Pipe()
            var spawn = confined("pwd; echo three >&3; echo $(ls /proc/self/fd); ps -o pgid= -p $$ | tr -d ' '; echo $$; grep -E 'Sig(Blk|Ign)' /proc/self/status")
            spawn.workingDirectory = "/usr"
            spawn.placement = .newGroup
            spawn.standardInput = .null
            spawn.inherited = [3: pipe.writeEnd]
            let (output, status) = try capture(spawn)
            pipe.writeEnd.close()
            let lines = output.split(separator: "\n")
            #expect(status == .exited(0))
            try #require(lines.count >= 4)
            #expect(lines[0] == "/usr")
            #expect(try String(decoding: pipe.readEnd.readToEnd(), as: UTF8.self) == "three\n")
            // 4 is the folder that ls reads.
            #expect(lines[1] == "0 1 2 3 4")
            #expect(lines[2] == lines[3])
            // The classic 31 signals: a test runner may ignore others.
            let signals = lines[4...].compactMap { $0.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } }
            #expect(signals.map { $0 & 0x7FFF_FFFF } == [0, 0])
        }

        @Test func `a program that cannot be executed is told as ever, and leaves no process`() throws {
            var spawn = Spawn("/no/such", arguments: ["x"], environment: Environment())
            spawn.confinement = Spawn.Confinement(dataLimit: 1 << 40)
            #expect(throws: SystemError(ENOENT, "run", path: "/no/such")) { try spawn.start() }
            spawn.executable = "/bin/sh"
            spawn.workingDirectory = "/no/folder"
            #expect { try spawn.start() } throws: { "\($0)".contains("working directory /no/folder") }
        }

        @Test func `can be started from several threads at once`() async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let output = try capture(confined("echo \(number)")).output
                        #expect(output == "\(number)\n")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Suite struct MemoryUseTests {
        @Test func `counts what a process has written, and shared pages once`() throws {
            let pipe = try Pipe()
            let script = "import os,sys\nx=b'x'*(40<<20)\nr,w=os.pipe()\np=[os.fork() for _ in range(1)][0]\nif p==0:\n os.read(r,1)\n os._exit(0)\nprint(p,flush=True)\nsys.stdin.read()\nos.write(w,b'1')"
            var spawn = Spawn("/usr/bin/python3", arguments: ["python3", "-c", script], environment: .current())
            let input = try Pipe()
            spawn.standardInput = .descriptor(input.readEnd)
            spawn.standardOutput = .descriptor(pipe.writeEnd)
            let parent = try spawn.start()
            pipe.writeEnd.close()
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = try buffer.withUnsafeMutableBytes { try pipe.readEnd.read(into: $0) }
            let child = try #require(ProcessID(String(decoding: buffer[..<count], as: UTF8.self).filter(\.isNumber)))
            #expect(MemoryUse.bytes(of: parent.id) > 40 << 20)
            #expect(MemoryUse.bytes(of: [parent.id, child], limit: .max) > 80 << 20)
            let shared = MemoryUse.bytes(of: [parent.id, child], limit: 0)
            #expect(shared > 40 << 20 && shared < 70 << 20)
            input.writeEnd.close()
            _ = try parent.wait()
            #expect(MemoryUse.bytes(of: parent.id) == 0)
        }
    }
}
