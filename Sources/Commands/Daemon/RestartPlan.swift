import Processes

/// Decides whether a supervisor starts another worker, and when.
///
///     start -> ready -> died -> pause of 1, 2, 4, ... 60 s -> start
///                   \-> ended by itself or as asked -> end
///     start -> killed before any worker was ready, 3 times -> end
struct RestartPlan {
    /// The step after the end of a worker.
    enum Step: Equatable {
        case start(after: Duration)
        /// The supervisor ends with this exit status.
        case end(status: Int32)
        /// The supervisor ends with this exit status because another worker would fail, too.
        case giveUp(status: Int32)
    }

    private static let shortest: Duration = .seconds(1)
    private static let longest: Duration = .seconds(60)
    /// After a worker with this lifetime, pauses start at the shortest again.
    private static let healthy: Duration = .seconds(60)
    /// Workers that may be killed in a row before one was ready.
    private static let mostFalseStarts = 3
    /// Statuses of errors that persist: usage, pidfile or log file, permission, configuration.
    private static let hopeless = [ExitCode.usage, ExitCode.cannotCreate, ExitCode.noPermission, ExitCode.configuration]

    private var pause = RestartPlan.shortest
    private var falseStarts = 0
    private var hasWorked = false

    /// A worker is ready.
    mutating func noteWork() { hasWorked = true }

    /// Decides after the end of a worker.
    ///
    /// - Parameters:
    ///   - isAsked: Whether the worker was asked to stop.
    ///   - lived: The lifetime of the worker.
    mutating func step(after status: WaitStatus, isAsked: Bool, lived: Duration) -> Step {
        if isAsked || status == .exited(ExitCode.done) { return .end(status: status.shellStatus) }
        if case .exited(let code) = status {
            // Report an error of the first worker immediately to the user who starts it.
            if !hasWorked { return .end(status: code) }
            if Self.hopeless.contains(code) { return .giveUp(status: code) }
        }
        if !hasWorked {
            falseStarts += 1
            if falseStarts == Self.mostFalseStarts { return .giveUp(status: status.shellStatus) }
        }
        if lived >= Self.healthy { pause = Self.shortest }
        defer { pause = min(pause * 2, Self.longest) }
        return .start(after: pause)
    }
}
