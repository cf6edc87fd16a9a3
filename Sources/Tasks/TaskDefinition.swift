package import Schedules

/// A task that can be run here.
package struct TaskDefinition: Sendable {
    /// The registered name, e.g. `thumbs.tasks.make`.
    package var name: String
    package var options: TaskOptions
    package var kind: Kind
    /// Where it is, for people: a path seen from the project folder, or `built in`.
    package var source: String

    package enum Kind: Sendable {
        /// A program, by its absolute path.
        case program(path: String)
        /// A Swift type of this very program.
        case swift(SwiftTaskRunner)
    }

    package init(name: String, options: TaskOptions, kind: Kind, source: String) {
        self.name = name
        self.options = options
        self.kind = kind
        self.source = source
    }

    /// The task a Swift type makes.
    ///
    /// - Throws: `ScheduleError` when it is a `PeriodicTask` that says nonsense of when it is due.
    package init(_ type: (some CeleryTask).Type) throws(ScheduleError) {
        let runner = SwiftTaskRunner(type)
        var options = runner.options
        if let periodic = type as? any PeriodicTask.Type { options.periodic = try periodic.periodic() }
        self.init(name: runner.name, options: options, kind: .swift(runner), source: "built in")
    }
}
