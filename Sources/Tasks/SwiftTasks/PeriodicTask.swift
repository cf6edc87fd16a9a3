public import Schedules

/// A task written in Swift that beat sends again and again.
///
///     struct Tidy: PeriodicTask {
///         static let runEvery = Duration.seconds(600)
///
///         func run(_ context: TaskContext) async throws -> NoOutput { ... }
///     }
///
/// It is sent without arguments, so it has no stored properties, or optional ones. Its entry has the name of the task.
public protocol PeriodicTask: CeleryTask {
    /// The interval at which it is due: a second or more. One day, where neither this nor `periodic` is given.
    static var runEvery: Duration { get }

    /// When it is due, and what becomes of a run that cannot be sent in time. By itself made of `runEvery`.
    ///
    /// - Throws: `ScheduleError` for an interval or a crontab line that makes no sense; the program then says so and does not start.
    static func periodic() throws(ScheduleError) -> PeriodicOptions
}

extension PeriodicTask {
    public static var runEvery: Duration { .seconds(86_400) }

    public static func periodic() throws(ScheduleError) -> PeriodicOptions { PeriodicOptions(try Schedule(every: runEvery)) }
}
