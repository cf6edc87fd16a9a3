public import Schedules

/// A task written in Swift that beat sends periodically.
///
///     struct Tidy: PeriodicTask {
///         static let runEvery = Duration.seconds(600)
///
///         func run(_ context: TaskContext) async throws -> NoOutput { ... }
///     }
///
/// The task is sent without arguments, so all stored properties must be optional. The name of its beat entry is the name
/// of the task.
public protocol PeriodicTask: CeleryTask {
    /// The interval between runs, at least a second. The default is one day.
    static var runEvery: Duration { get }

    /// When the task is due, and what happens to runs that cannot be sent in time. The default uses `runEvery`.
    ///
    /// - Throws: `ScheduleError` for an invalid interval or crontab line; the program then reports the error and does not start.
    static func periodic() throws(ScheduleError) -> PeriodicOptions
}

extension PeriodicTask {
    public static var runEvery: Duration { .seconds(86_400) }

    public static func periodic() throws(ScheduleError) -> PeriodicOptions { PeriodicOptions(try Schedule(every: runEvery)) }
}
