import Glibc

/// The processes that a `Spawn` with `.newGroup` or `.newSession` began: the program and what it started,
/// as far as that stayed in the group.
package struct ProcessGroup: Sendable {
    /// The first process: its id is the number of the group, and stays taken until it is waited for.
    package let leader: SpawnedProcess

    package init(leader: SpawnedProcess) {
        self.leader = leader
    }

    /// Sends a signal to every process of the group; does nothing if there is none.
    ///
    /// The corresponding C function is `kill` with a negative number.
    package func signal(_ signal: Int32) throws(SystemError) {
        guard kill(-leader.id, signal) != 0, errno != ESRCH else { return }
        throw SystemError(errno, "signal process group \(leader.id)")
    }

    /// Ends the group: asks, waits, and kills what is still there when the grace is over or the leader is gone.
    ///
    /// - Parameters:
    ///   - signals: Sent one after the other, each followed by its wait; KILL follows by itself.
    /// - Returns: How the leader ended. Blocks at most for the waits, and for the kernel to carry out the KILL.
    package func terminate(_ signals: [(signal: Int32, wait: Duration)]) throws(SystemError) -> Termination {
        for (signal, wait) in signals {
            try self.signal(signal)
            // A stopped program would not hear of it.
            try self.signal(SIGCONT)
            if try leader.waitUntilEnded(timeout: wait) { break }
        }
        // Before `wait`: afterwards the number of the group could be somebody else's.
        try signal(SIGKILL)
        return try leader.wait()
    }

    /// TERM, the grace, KILL.
    package func terminate(grace: Duration) throws(SystemError) -> Termination {
        try terminate([(SIGTERM, grace)])
    }
}
