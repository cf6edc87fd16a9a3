import Foundation
import Glibc
import Processes
import Testing

@Suite(.serialized) struct OrphansTests {
    /// A process that says it belongs to a worker.
    private func sleeper(of worker: String) throws -> SpawnedProcess {
        let process = try Spawn(
            "/bin/sleep", arguments: ["sleep", "600"], environment: Environment([Orphans.variable: worker])).start(pidfd: true)
        // The kernel lets us go on a moment before the new program has its environment.
        while try Data(contentsOf: URL(filePath: "/proc/\(process.id)/environ")).isEmpty { sched_yield() }
        return process
    }

    /// The identity of a process that was there, and is gone.
    private func deadWorker() throws -> String {
        let process = try Spawn("/bin/sleep", arguments: ["sleep", "600"], environment: Environment([:])).start(pidfd: true)
        let identity = try #require(ProcessIdentity(of: process.id))
        try process.signal(SIGKILL)
        _ = try process.wait()
        return identity.description
    }

    @Test func `ends what belongs to a dead worker`() throws {
        let process = try sleeper(of: deadWorker())
        // A worker that another test runs in this process may be quicker.
        Orphans.kill()
        #expect(try process.wait().status == .signaled(SIGKILL, coreDumped: false))
    }

    @Test func `leaves alone what belongs to a living worker, and to one it cannot tell of`() throws {
        let living = try #require(ProcessIdentity.current).description
        let elsewhere = living.split(separator: ":").dropLast().joined(separator: ":") + ":anothermachine"
        for worker in [living, elsewhere, "", "rubbish"] {
            let process = try sleeper(of: worker)
            Orphans.kill()
            #expect(try !process.waitUntilEnded(timeout: .milliseconds(50)), "\(worker)")
            try process.signal(SIGKILL)
            _ = try process.wait()
        }
    }
}
