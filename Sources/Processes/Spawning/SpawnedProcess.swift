import CLinux
import Glibc

/// The number of a process: C's `pid_t`, without the need to import C.
package typealias ProcessID = Int32

/// A child of this process, from its start until it is waited for. Wait for each exactly once:
/// until then the kernel keeps its number from being given to another.
package struct SpawnedProcess: Sendable {
    /// The process id.
    package let id: ProcessID
    /// Becomes readable when the process ends; there if `Spawn.start(pidfd: true)` was asked for it.
    package let pidfd: OwnedDescriptor?

    /// Waits for the end.
    ///
    /// The corresponding C function is `wait4`.
    package func wait() throws(SystemError) -> Termination {
        try Termination(of: id, options: 0)!
    }

    /// Looks whether it has ended; `nil` if it runs on.
    ///
    /// The corresponding C function is `wait4` with `WNOHANG`.
    package func tryWait() throws(SystemError) -> Termination? {
        try Termination(of: id, options: WNOHANG)
    }

    /// Waits for the end without taking the status: the number stays taken until `wait`.
    ///
    /// - Returns: Whether it has ended within `timeout`.
    ///
    /// The corresponding C function is `poll` on the pidfd.
    package func waitUntilEnded(timeout: Duration?) throws(SystemError) -> Bool {
        let watched = if let pidfd { pidfd } else { try Self.openPIDFD(id) }
        return try watched.waitReadable(timeout: timeout)
    }

    /// Sends a signal to this one process; does nothing if it has ended.
    ///
    /// The corresponding C function is `kill`. The number cannot have gone to another before `wait`.
    package func signal(_ signal: Int32) throws(SystemError) {
        if kill(id, signal) != 0, errno != ESRCH { throw SystemError(errno, "signal process \(id)") }
    }

    /// The corresponding C function is `pidfd_open`.
    static func openPIDFD(_ id: ProcessID) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try Syscall.check("watch process \(id)") { celery_pidfd_open(id) })
    }
}
