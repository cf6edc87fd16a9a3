import Glibc

/// Which part this process plays in its own start. Ask first thing in `main`, before any thread.
package enum Role: Sendable {
    /// Started by a user or a supervisor.
    case foreground
    /// Detached: the terminal waits for a word through `readiness`, and the pidfile was taken for us.
    case daemon(readiness: Readiness, pidFile: PIDFile?)
    /// Executed anew by ourselves: see `OwnExecutable.restart`. `Surroundings` are in force already.
    case restarted(pidFile: PIDFile?, supervisor: SupervisorLink?)
    /// Started by a supervisor, which is one of ours too: see `SupervisedProcess`.
    case supervised(by: SupervisorLink, readiness: Readiness?)

    /// `PART:READINESS:PIDFILE:LINK:PATH`, the numbers of descriptors in the middle, `-` for none.
    static let variable = "CELERY_ROLE"
    /// The descriptors of a daemon.
    static let readinessNumber: Int32 = 3
    static let pidFileNumber: Int32 = 4
    /// The descriptor of a `SupervisorLink`.
    static let linkNumber: Int32 = 5

    /// The supervisor of this process, if it has one.
    package var supervisor: SupervisorLink? {
        switch self {
        case .supervised(let link, _): link
        case .restarted(_, let link): link
        case .foreground, .daemon: nil
        }
    }

    /// Who waits for the word of this process that it works, if anybody does.
    package var readiness: Readiness? {
        switch self {
        case .daemon(let readiness, _): readiness
        case .supervised(_, let readiness): readiness
        case .foreground, .restarted: nil
        }
    }

    /// Finds out, and removes the traces so that our own children do not take the part too.
    ///
    /// Does not return in the first process of a new session: that one could still be given a terminal by opening
    /// one. It starts the daemon, which leads its group but not the session, and exits.
    ///
    /// The corresponding C functions are `getenv` and `unsetenv`.
    package static func take() throws(SystemError) -> Role {
        guard let value = getenv(variable) else { return .foreground }
        let text = String(cString: value)
        unsetenv(variable)
        OwnExecutable.restoreName()
        SignalDispositions.settle()
        let parts = text.split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
        let misuse = SystemError(EINVAL, "begin", reason: "the variable \(variable) is for internal use")
        guard parts.count == 5 else { throw misuse }
        let readiness = try adopt(parts[1]).map { Readiness(descriptor: $0) }
        let lock = try adopt(parts[2])
        let link = try adopt(parts[3])
        switch (parts[0], readiness) {
        case ("leader", let readiness?):
            leaveSession(readiness, lock, path: parts[4])
        case ("daemon", let readiness?):
            return .daemon(readiness: readiness, pidFile: try PIDFile(adopting: lock, path: parts[4]))
        case ("restarted", nil):
            return .restarted(
                pidFile: try PIDFile(adopting: lock, path: parts[4]),
                supervisor: link.map { SupervisorLink(descriptor: $0, goesOn: true) })
        case ("supervised", _), ("successor", _):
            guard let link else { throw misuse }
            return .supervised(by: SupervisorLink(descriptor: link, goesOn: parts[0] == "successor"), readiness: readiness)
        default:
            throw misuse
        }
    }

    /// What the variable says.
    static func text(
        _ part: String, readiness: Int32? = nil, pidFile: Int32? = nil, link: Int32? = nil, path: String? = nil
    ) -> String {
        let numbers = [readiness, pidFile, link].map { $0.map(String.init) ?? "-" }
        return "\(part):\(numbers.joined(separator: ":")):\(path ?? "")"
    }

    private static func adopt(_ text: String) throws(SystemError) -> OwnedDescriptor? {
        guard text != "-" else { return nil }
        let descriptor = OwnedDescriptor(owning: Int32(text) ?? -1)
        try descriptor.setCloseOnExec(true)
        return descriptor
    }

    private static func leaveSession(_ readiness: Readiness, _ lock: OwnedDescriptor?, path: String) -> Never {
        var environment = Environment.current()
        environment[variable] = text(
            "daemon", readiness: readinessNumber, pidFile: lock == nil ? nil : pidFileNumber, path: path)
        var daemon = Spawn(OwnExecutable.path, arguments: CommandLine.arguments, environment: environment)
        daemon.inherited[readinessNumber] = readiness.descriptor
        daemon.inherited[pidFileNumber] = lock
        daemon.placement = .newGroup
        do throws(SystemError) {
            _ = try daemon.start()
            _exit(0)
        } catch {
            readiness.fail(error.description, status: 70)
            _exit(70)
        }
    }
}
