import Fixtures
import Glibc
import Processes
import Synchronization
import Testing

extension ProcessesTests {
    @Suite struct PIDFileTests {
        let folder = TemporaryFolder()
        var path: String { "\(folder.path)/w.pid" }

        /// A number that no process has any more.
        private func gone() throws -> ProcessID {
            let process = try Spawn("/bin/true", arguments: ["true"], environment: .current()).start()
            _ = try process.wait()
            return process.id
        }

        /// A probe that holds the pidfile until `input` is closed.
        private func holder() throws -> (process: SpawnedProcess, input: OwnedDescriptor, said: String) {
            let (input, output) = (try Pipe(), try Pipe())
            var spawn = Probe.spawn(["hold", path])
            spawn.standardInput = .descriptor(input.readEnd)
            spawn.standardOutput = .descriptor(output.writeEnd)
            let process = try spawn.start(pidfd: true)
            output.writeEnd.close()
            var said: [UInt8] = []
            let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
            defer { byte.deallocate() }
            while said.last != UInt8(ascii: "\n"), try output.readEnd.read(into: byte) == 1 { said.append(byte[0]) }
            return (process, input.writeEnd, String(decoding: said, as: UTF8.self))
        }

        @Test func `one that was killed this moment is waited for`() throws {
            for _ in 0..<10 {
                let (process, input, _) = try holder()
                kill(process.id, SIGKILL)
                let file = try PIDFile.acquire(at: path)
                #expect(file.replaced == process.id)
                file.remove()
                _ = try process.wait()
                input.close()
            }
        }

        @Test func `is written, locked and removed`() throws {
            #expect(try PIDFile.state(at: path) == .free)
            let file = try PIDFile.acquire(at: path)
            #expect(try contents(of: folder.file("w.pid")) == "\(getpid())\n")
            #expect(file.staleNotice == nil)
            #expect(try PIDFile.state(at: path) == .live(getpid()))
            #expect(throws: PIDFile.Refusal.live(path: path, pid: getpid())) { try PIDFile.acquire(at: path) }
            file.remove()
            #expect(access(path, F_OK) == -1)
        }

        @Test func `a stale one is said and replaced`() throws {
            let old = try gone()
            try folder.write("\(old)\n", to: "w.pid")
            #expect(try PIDFile.state(at: path) == .stale(old))
            let file = try PIDFile.acquire(at: path)
            #expect(file.staleNotice == "stale pidfile \(path) (process \(old) is gone), replacing it")
            #expect(try contents(of: folder.file("w.pid")) == "\(getpid())\n")
            file.remove()
            try folder.write("1\n", to: "w.pid")
            #expect(try PIDFile.acquire(at: path).staleNotice
                == "stale pidfile \(path) (process 1 is another program now), replacing it")
        }

        @Test func `a live one names its process`() throws {
            let (process, input, said) = try holder()
            #expect(said == "held\n")
            let refusal = #expect(throws: PIDFile.Refusal.self) { try PIDFile.acquire(at: path) }
            #expect(refusal?.description == "pidfile \(path) is held by process \(process.id), which is running")
            input.close()
            _ = try process.wait()
            #expect(try PIDFile.state(at: path) == .free)
        }

        @Test func `the lock goes with a killed process`() throws {
            let (process, input, _) = try holder()
            #expect(try !PIDFile.waitUntilGone(at: path, timeout: .milliseconds(20)))
            #expect(try PIDFile.signal(SIGKILL, at: path) == process.id)
            #expect(try PIDFile.waitUntilGone(at: path, timeout: .seconds(10)))
            #expect(try process.wait().status == .signaled(SIGKILL, coreDumped: false))
            #expect(try PIDFile.state(at: path) == .stale(process.id))
            #expect(try PIDFile.signal(SIGKILL, at: path) == nil)
            #expect(try PIDFile.waitUntilGone(at: path, timeout: nil))
            input.close()
        }

        @Test func `of many starters at once one wins, each time`() async throws {
            for _ in 0..<20 {
                try folder.write("\(try gone())\n", to: "w.pid")
                let starters = 6
                let path = path
                let winners = await withTaskGroup(of: PIDFile?.self) { group in
                    for _ in 0..<starters { group.addTask { try? PIDFile.acquire(at: path) } }
                    return await group.reduce(into: [PIDFile]()) { if let file = $1 { $0.append(file) } }
                }
                #expect(winners.count == 1)
                winners.forEach { $0.remove() }
            }
        }

        private final class Holders: Sendable { let count = Atomic(0) }

        @Test func `starters never hold the file together while holders come and go`() async throws {
            let path = path
            let holders = Holders()
            let (held, collisions) = await withTaskGroup(of: (Int, Int).self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var (held, collisions) = (0, 0)
                        for _ in 0..<100 {
                            guard let file = try? PIDFile.acquire(at: path) else { continue }
                            held += 1
                            if holders.count.add(1, ordering: .sequentiallyConsistent).newValue != 1 { collisions += 1 }
                            if (try? PIDFile.state(at: path)) != .live(getpid()) { collisions += 1 }
                            holders.count.subtract(1, ordering: .sequentiallyConsistent)
                            file.remove()
                        }
                        return (held, collisions)
                    }
                }
                return await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
            }
            #expect(held >= 4)
            #expect(collisions == 0)
        }

        @Test func `removes only its own file`() throws {
            let file = try PIDFile.acquire(at: path)
            unlink(path)
            try folder.write("1\n", to: "w.pid")
            file.remove()
            #expect(try contents(of: folder.file("w.pid")) == "1\n")
        }

        @Test func `refuses what is not a pidfile`() throws {
            try folder.write("BROKER = 1\n", to: "w.pid")
            #expect(throws: PIDFile.Refusal.self) { try PIDFile.acquire(at: path) }
            #expect(try contents(of: folder.file("w.pid")) == "BROKER = 1\n")
            let device = #expect(throws: PIDFile.Refusal.self) { try PIDFile.acquire(at: "/dev/null") }
            #expect(device?.description == "cannot use pidfile /dev/null: not a regular file")
            let nowhere = #expect(throws: PIDFile.Refusal.self) { try PIDFile.acquire(at: "/no/such/w.pid") }
            #expect(nowhere?.description == "cannot create pidfile /no/such/w.pid: no such file or directory")
            symlink("/etc/hostname", "\(folder.path)/link")
            #expect(throws: PIDFile.Refusal.self) { try PIDFile.acquire(at: "\(folder.path)/link") }
        }
    }
}
