import Glibc

/// The process group of a `Spawn` with `.newGroup` or `.newSession`: the program and those of its descendants
/// that stayed in the group.
package struct ProcessGroup: Sendable {
    /// The first process. Its id is the number of the group, and stays reserved until it is waited for.
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

    /// Ends the group: sends the signals, waits, and kills the remaining processes after the waits or when the leader has ended.
    ///
    /// - Parameters:
    ///   - signals: Sent one after the other, each followed by its wait; KILL is sent at the end.
    /// - Returns: How the leader ended. Blocks at most for the waits, and for the kernel to carry out the KILL.
    package func terminate(_ signals: [(signal: Int32, wait: Duration)]) throws(SystemError) -> Termination {
        for (signal, wait) in signals {
            try self.signal(signal)
            // A stopped program would not receive the signal.
            try self.signal(SIGCONT)
            if try leader.waitUntilEnded(timeout: wait) { break }
        }
        // Before `wait`: afterwards the number of the group could be reused.
        try signal(SIGKILL)
        return try leader.wait()
    }

    /// TERM, the grace, KILL.
    package func terminate(grace: Duration) throws(SystemError) -> Termination {
        try terminate([(SIGTERM, grace)])
    }
}
