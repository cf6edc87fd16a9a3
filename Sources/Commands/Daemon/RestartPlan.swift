import Processes

/// When a supervisor starts another worker, and when it ends itself.
///
///     start -> working -> died -> pause of 1, 2, 4, ... 60 s -> start
///                     \-> ended by itself, or as asked -> the end
///     start -> died before it ever worked, 3 times -> the end
struct RestartPlan {
    /// What follows the end of a worker.
    enum Step: Equatable {
        case start(after: Duration)
        /// With this exit status.
        case end(status: Int32)
        /// With this exit status, and because starting another would be of no use.
        case giveUp(status: Int32)
    }

    private static let shortest: Duration = .seconds(1)
    private static let longest: Duration = .seconds(60)
    /// A worker that lived for so long is healthy: the pauses begin anew after it.
    private static let healthy: Duration = .seconds(60)
    /// So many workers in a row may die before the first of them has worked.
    private static let mostFalseStarts = 3
    /// A start that ends so ends so again: usage, pidfile or log file, permission, configuration.
    private static let hopeless = [ExitCode.usage, ExitCode.cannotCreate, ExitCode.noPermission, ExitCode.configuration]

    private var pause = RestartPlan.shortest
    private var falseStarts = 0
    private var hasWorked = false

    /// The worker does its work.
    mutating func noteWork() { hasWorked = true }

    /// The worker has ended.
    ///
    /// - Parameters:
    ///   - isAsked: Whether it was asked to stop.
    ///   - lived: Since when it was started.
    mutating func step(after status: WaitStatus, isAsked: Bool, lived: Duration) -> Step {
        if isAsked || status == .exited(ExitCode.done) { return .end(status: status.shellStatus) }
        if case .exited(let code) = status {
            // What keeps the first worker from working is to be seen at once, by whoever starts it.
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
