import Glibc

/// The role of this process when detaching or restarting. Call `take` first in `main`, before starting threads.
package enum Role: Sendable {
    /// Started by a user or a supervisor.
    case foreground
    /// Detached: the process at the terminal waits for a report through `readiness`, and has acquired the pidfile.
    case daemon(readiness: Readiness, pidFile: PIDFile?)
    /// Executed again by this process: see `OwnExecutable.restart`. `Surroundings` are in force already.
    case restarted(pidFile: PIDFile?, supervisor: SupervisorLink?)
    /// Started by a supervisor of this program: see `SupervisedProcess`.
    case supervised(by: SupervisorLink, readiness: Readiness?)

    /// The environment variable, in the form `PART:READINESS:PIDFILE:LINK:PATH`, with descriptor numbers or `-` in the middle.
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

    /// The pipe for reporting that this process is ready, if another process waits for that.
    package var readiness: Readiness? {
        switch self {
        case .daemon(let readiness, _): readiness
        case .supervised(_, let readiness): readiness
        case .foreground, .restarted: nil
        }
    }

    /// Determines the role, and removes the variable so that children do not inherit the role.
    ///
    /// Does not return in the leader of the new session, which could still acquire a terminal by opening
    /// one: the leader starts the daemon, which leads its group but not the session, and exits.
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

    /// The value of the variable.
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
