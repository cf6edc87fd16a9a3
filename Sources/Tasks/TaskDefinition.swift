package import CeleryCore
package import Schedules

/// A task that this worker can run.
///
/// A class: every job has its definition, which is never changed.
package final class TaskDefinition: Sendable {
    /// The registered name, e.g. `thumbs.tasks.make`.
    package let name: String
    package let options: TaskOptions
    /// The options without overrides by a message, in the form that the worker reads.
    package let terms: TaskTerms
    package let kind: Kind
    /// Whether the task runs in the worker itself, without a process of the pool.
    package let needsNoProcess: Bool
    /// Where the task is defined, for display: a path relative to the project folder, or `built in`.
    package let source: String
    /// The state of the program's file when its options were read; `nil` for a Swift task.
    package let fileMark: FileMark?

    package enum Kind: Sendable {
        /// A program at an absolute path.
        case program(path: String)
        /// A Swift type of this binary.
        case swift(SwiftTaskRunner)
        /// The command that the message names, if it is signed.
        case command(CommandPolicy)
        /// A URL that the worker calls.
        case http(HTTPTask)
    }

    package init(name: String, options: TaskOptions, kind: Kind, source: String, fileMark: FileMark? = nil) {
        self.name = name
        self.options = options
        terms = TaskTerms(options)
        self.kind = kind
        needsNoProcess = if case .http = kind { true } else { false }
        self.source = source
        self.fileMark = fileMark
    }

    /// The same task with other options.
    package func with(_ options: TaskOptions) -> TaskDefinition {
        TaskDefinition(name: name, options: options, kind: kind, source: source, fileMark: fileMark)
    }

    /// The merged options of the task and a message: each option of the message overrides that of the task.
    package func terms(for message: Message) -> TaskTerms {
        let said = OptionValues(saidBy: message)
        return said.isEmpty ? terms : TaskTerms(options.overridden(by: said))
    }

    /// The definition of a Swift task.
    ///
    /// - Parameter message: The message of an error that the task throws; `nil` uses its description.
    /// - Throws: `ScheduleError` for a periodic task with an invalid schedule or with required arguments.
    package convenience init<Work: CeleryTask>(_ type: Work.Type, message: @escaping ErrorMessage = { _ in nil }) throws(ScheduleError) {
        let runner = SwiftTaskRunner(type, message: message)
        var options = runner.options
        if let periodic = type as? any PeriodicTask.Type { options.periodic = try periodic.periodic() }
        if options.periodic != nil, let missing = Self.argument(neededBy: type) {
            throw Self.needsArgument("'\(missing)'", hint: "make the property optional")
        }
        self.init(name: runner.name, options: options, kind: .swift(runner), source: "built in")
    }

    /// A periodic task cannot be sent without one of its arguments.
    static func needsArgument(_ argument: String, hint: String) -> ScheduleError {
        ScheduleError(
            .notASchedule, "it requires the argument \(argument), but periodic tasks are sent without arguments",
            hint: "\(hint), or write the periodic task as [beat.NAME] with args or kwargs")
    }

    /// The first required argument of a task; `nil` if it has none.
    private static func argument(neededBy type: (some CeleryTask).Type) -> String? {
        do {
            _ = try ArgumentsDecoder.decode(type)
            return nil
        } catch ArgumentsError.missing(let name) {
            return name
        } catch {
            // A hand-written `init(from:)` may throw other errors. They are reported when the task runs.
            return nil
        }
    }
}
