import CLinux
import Glibc

/// A process id: C's `pid_t`, without importing C.
package typealias ProcessID = Int32

/// A child of this process, from its start until it is waited for. Wait exactly once for each child:
/// until then the kernel does not reuse its number.
package struct SpawnedProcess: Sendable {
    /// The process id.
    package let id: ProcessID
    /// Becomes readable when the process ends; present if requested by `Spawn.start(pidfd: true)`.
    package let pidfd: OwnedDescriptor?

    /// Waits for the end.
    ///
    /// The corresponding C function is `wait4`.
    package func wait() throws(SystemError) -> Termination {
        try Termination(of: id, options: 0)!
    }

    /// The termination if the process has ended, or else `nil`. Does not block.
    ///
    /// The corresponding C function is `wait4` with `WNOHANG`.
    package func tryWait() throws(SystemError) -> Termination? {
        try Termination(of: id, options: WNOHANG)
    }

    /// Waits for the end without reaping the process: the number stays reserved until `wait`.
    ///
    /// - Returns: Whether it has ended within `timeout`.
    ///
    /// The corresponding C function is `poll` on the pidfd.
    package func waitUntilEnded(timeout: Duration?) throws(SystemError) -> Bool {
        let watched = if let pidfd { pidfd } else { try Self.openPIDFD(id) }
        return try watched.waitReadable(timeout: timeout)
    }

    /// Sends a signal to this process only; does nothing if it has ended.
    ///
    /// The corresponding C function is `kill`. The number cannot be reused before `wait`.
    package func signal(_ signal: Int32) throws(SystemError) {
        if kill(id, signal) != 0, errno != ESRCH { throw SystemError(errno, "signal process \(id)") }
    }

    /// The process with a descriptor for waiting.
    ///
    /// - Throws: `SystemError` if there are no descriptors left; the process runs on.
    package func watched() throws(SystemError) -> SpawnedProcess { SpawnedProcess(id: id, pidfd: try Self.openPIDFD(id)) }

    /// The corresponding C function is `pidfd_open`.
    static func openPIDFD(_ id: ProcessID) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try Syscall.check("watch process \(id)") { celery_pidfd_open(id) })
    }
}
