package import CeleryCore
package import Schedules

/// A task that can be run here.
package struct TaskDefinition: Sendable {
    /// The registered name, e.g. `thumbs.tasks.make`.
    package var name: String
    package var options: TaskOptions {
        didSet { terms = TaskTerms(options) }
    }
    /// What the options come to when a message says nothing.
    package private(set) var terms: TaskTerms
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
        terms = TaskTerms(options)
        self.kind = kind
        self.source = source
    }

    /// What the task and a message for it say together: the message counts before the task, each option by itself.
    package func terms(for message: Message) -> TaskTerms {
        let said = OptionValues(saidBy: message)
        return said.isEmpty ? terms : TaskTerms(options.overridden(by: said))
    }

    /// The task a Swift type makes.
    ///
    /// - Parameter message: What an error that the task throws says of itself; `nil` takes its description.
    /// - Throws: `ScheduleError` when it is periodic and says nonsense of when it is due, or needs arguments.
    package init<Work: CeleryTask>(_ type: Work.Type, message: @escaping ErrorMessage = { _ in nil }) throws(ScheduleError) {
        let runner = SwiftTaskRunner(type, message: message)
        var options = runner.options
        if let periodic = type as? any PeriodicTask.Type { options.periodic = try periodic.periodic() }
        if options.periodic != nil, let missing = Self.argument(neededBy: type) {
            throw ScheduleError(
                .notASchedule, "it needs the argument '\(missing)', and is sent without any",
                hint: "make the property optional, or write the periodic task as [beat.NAME] with args or kwargs")
        }
        self.init(name: runner.name, options: options, kind: .swift(runner), source: "built in")
    }

    /// The first argument without which a task cannot be run; `nil` when it needs none.
    private static func argument(neededBy type: (some CeleryTask).Type) -> String? {
        do {
            _ = try ArgumentsDecoder.decode(type)
            return nil
        } catch ArgumentsError.missing(let name) {
            return name
        } catch {
            // A decoding of its own may refuse for reasons of its own, and then says so when it runs.
            return nil
        }
    }
}
