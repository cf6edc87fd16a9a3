import Glibc

/// The terminal's side of `--detach`: acquires pidfile and log file while errors can be shown, starts the daemon,
/// and waits for its report.
///
///     foreground   takes pidfile and log file, executes itself as
///     └ leader     which has a session without a terminal, executes itself as
///       └ daemon   which can never get a terminal, applies its `Surroundings`, and says READY on the pipe
///
/// The daemon parses the same arguments in the same folder, and comes out of `Role.take` with the pidfile locked
/// for it. The daemon itself applies chroot, the working directory and the change of user (`Surroundings.apply`),
/// because nothing could be executed after a chroot.
package struct Daemonizer: Sendable {
    /// The result of `launch`.
    package enum Outcome: Sendable, Equatable {
        case ready
        /// An error message to print, and the exit status.
        case failed(message: String, status: Int32)
    }

    /// The path of the pidfile. Relative paths are relative to the current folder, also for `logFile`.
    package var pidFile: String?
    /// The file for the daemon's standard output and standard error; created if necessary.
    package var logFile: String
    /// Only the umask and the owner of a new log file are used here.
    package var surroundings = Surroundings()
    /// How long the daemon may take to become ready. The daemon's own timeouts for brokers and files are shorter.
    package var patience: Duration = .seconds(120)
    /// Group that may read a new log file.
    package var group: UInt32?
    /// Reports conditions that are not failures, such as a stale pidfile.
    package var notice: @Sendable (String) -> Void

    package init(pidFile: String?, logFile: String, notice: @escaping @Sendable (String) -> Void) {
        self.pidFile = pidFile
        self.logFile = logFile
        self.notice = notice
    }

    /// Starts the daemon, and returns when it is ready or has failed. Interrupting the wait does not affect the daemon.
    ///
    /// - Throws: `PIDFile.Refusal`, or `SystemError` for the log file or the start itself.
    ///
    /// The corresponding C function is `posix_spawn` with `POSIX_SPAWN_SETSID`.
    package func launch() throws -> Outcome {
        surroundings.applyMask()
        let lock = try pidFile.map { try PIDFile.acquire(at: $0) }
        if let stale = lock?.staleNotice { notice(stale) }
        let (log, mark, leader, pipe): (LogFile, Int, SpawnedProcess, Pipe)
        do {
            log = try LogFile(logFile, owner: surroundings.privileges, group: group)
            mark = log.size
            pipe = try Pipe()
            leader = try start(lock, log, pipe.writeEnd)
        } catch {
            lock?.remove()
            throw error
        }
        // Close our end, or the pipe would never reach its end.
        pipe.writeEnd.close()
        guard try pipe.readEnd.waitReadable(timeout: patience) else {
            try end(leader, pipe.readEnd)
            tidy(lock)
            return .failed(
                message: story("the daemon was not ready within \(patience.components.seconds) seconds, and was ended", log, mark),
                status: 75)
        }
        let word = try Readiness.word(from: pipe.readEnd)
        _ = try leader.wait()
        if word == .ready { return .ready }
        tidy(lock)
        if case .failed(let message, let status) = word { return .failed(message: message, status: status) }
        return .failed(message: story("the daemon ended before it was ready", log, mark), status: 70)
    }

    /// A message about an event, with the end of the log.
    private func story(_ event: String, _ log: LogFile, _ mark: Int) -> String {
        let tail = log.lines(since: mark, last: 10)
        let source = tail.isEmpty ? "\(log.path) says nothing about it" : "the end of \(log.path):"
        return (["\(event); \(source)"] + tail).joined(separator: "\n  ")
    }

    /// Ends a daemon that does not report, even if it is stopped, and all other processes of its session.
    ///
    /// - Parameter pipe: Reaches its end with the last process that could have reported.
    private func end(_ leader: SpawnedProcess, _ pipe: OwnedDescriptor) throws(SystemError) {
        for signal in [SIGTERM, SIGKILL] {
            for process in ProcessTable.session(leader.id) { kill(process.id, signal) }
            if try pipe.waitReadable(timeout: .seconds(5)) { break }
        }
        _ = try leader.wait()
    }

    private func start(_ lock: PIDFile?, _ log: LogFile, _ readiness: OwnedDescriptor) throws(SystemError) -> SpawnedProcess {
        var environment = Environment.current()
        environment[Role.variable] = Role.text(
            "leader", readiness: Role.readinessNumber, pidFile: lock == nil ? nil : Role.pidFileNumber, path: lock?.path)
        var leader = Spawn(OwnExecutable.path, arguments: CommandLine.arguments, environment: environment)
        leader.standardInput = .null
        leader.standardOutput = .descriptor(log.descriptor)
        leader.standardError = .descriptor(log.descriptor)
        leader.inherited[Role.readinessNumber] = readiness
        leader.inherited[Role.pidFileNumber] = lock?.descriptor
        leader.placement = .newSession
        return try leader.start()
    }

    /// Removes the pidfile of a failed daemon, unless the daemon still runs: our descriptor shares its lock, so close
    /// it and check whether the lock is free.
    private func tidy(_ lock: PIDFile?) {
        guard let lock else { return }
        lock.descriptor.close()
        _ = try? PIDFile.waitUntilGone(at: lock.path, timeout: .seconds(1))
        if case .stale = try? PIDFile.state(at: lock.path) { try? PIDFile.acquire(at: lock.path).remove() }
    }
}
