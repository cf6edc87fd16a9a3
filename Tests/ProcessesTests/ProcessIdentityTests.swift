import Glibc
import Processes
import Testing

extension ProcessesTests {
    @Suite struct ProcessIdentityTests {
        /// The identity of this process with one part replaced.
        private func altered(_ part: Int, to value: String) throws -> ProcessIdentity {
            var parts = try #require(ProcessIdentity.current).description.split(separator: ":").map(String.init)
            parts[part] = value
            return try #require(ProcessIdentity(parts.joined(separator: ":")))
        }

        @Test func `we are alive, also after a round through text`() throws {
            let identity = try #require(ProcessIdentity.current)
            #expect(identity.id == getpid())
            #expect(identity.liveness == .alive)
            #expect(ProcessIdentity(identity.description) == identity)
        }

        @Test func `another process of the same number is not us`() throws {
            #expect(try altered(1, to: "1").liveness == .dead)
        }

        @Test func `an earlier run of the machine is over`() throws {
            #expect(try altered(2, to: "00000000-0000-0000-0000-000000000000").liveness == .dead)
        }

        @Test func `other containers and other machines are out of sight`() throws {
            #expect(try altered(3, to: "1").liveness == .unknown)
            #expect(try altered(4, to: "0123456789abcdef0123456789abcdef").liveness == .unknown)
        }

        @Test func `a zombie is dead, and so is one that is gone`() throws {
            let pipe = try Pipe()
            var spawn = Spawn("/bin/cat", arguments: ["cat"], environment: .current())
            spawn.standardInput = .descriptor(pipe.readEnd)
            let process = try spawn.start(pidfd: true)
            let identity = try #require(ProcessIdentity(of: process.id))
            #expect(identity.liveness == .alive)
            pipe.writeEnd.close()
            #expect(try process.waitUntilEnded(timeout: .seconds(10)))
            #expect(ProcessStat(process.id)?.state == "Z")
            #expect(identity.liveness == .dead)
            #expect(ProcessIdentity(of: process.id) == nil)
            _ = try process.wait()
            #expect(identity.liveness == .dead)
        }

        @Test(arguments: ["", "42", "42:1:b:1", "x:1:b:1:m", "0:1:b:1:m", "42:1::1:m", "42:1:b:1:m:more"])
        func `refuses other text`(_ text: String) {
            #expect(ProcessIdentity(text) == nil)
        }
    }
}
