// The public face: what a Swift program imports to define tasks, send them, and be a
// `celery` command itself.

@_exported public import CeleryCore
@_exported public import Client
import Commands
import FoundationValues
@_exported public import Logging
@_exported public import Schedules
@_exported public import Tasks

/// A program that is a `celery` command with tasks of its own: types, functions, or both.
///
///     @main struct Thumbs {
///         static func main() {
///             CeleryProgram(tasks: MakeThumb.self, DropThumb.self)
///                 .task("thumbs.count") { (folder: String) in try countThumbs(folder) }
///                 .main()
///         }
///     }
///
/// Two tasks of one name are a mistake of the program, told at its start; so are a periodic task whose schedule makes no
/// sense, and names that do not fit the arguments of a function.
public struct CeleryProgram: Sendable {
    private let tasks: Result<[TaskDefinition], any Error>

    /// - Parameter tasks: The types whose tasks this program can run.
    public init(tasks: any CeleryTask.Type...) {
        self.tasks = Result { try tasks.map { try Self.definition($0) } }
    }

    private init(_ tasks: Result<[TaskDefinition], any Error>) { self.tasks = tasks }

    /// Does what the command line says, and exits.
    public func main() -> Never { Program(tasks: tasks).main() }

    private static func definition<Work: CeleryTask>(_ type: Work.Type) throws -> TaskDefinition {
        try naming(Work.name) { try TaskDefinition(type, message: LocalizedErrorMessage.of) }
    }

    /// Adds the name of the task to an error of its schedule.
    private static func naming(_ name: String, _ definition: () throws -> TaskDefinition) throws -> TaskDefinition {
        do {
            return try definition()
        } catch let error as ScheduleError {
            throw ScheduleError(error.code, "periodic task \(name): \(error.message)", hint: error.hint)
        }
    }

    /// The program with one more task.
    func adding<each Argument: Decodable & Sendable, Output: Encodable & Sendable>(
        _ name: String, _ options: TaskOptions, _ arguments: [String],
        _ function: @escaping @Sendable (TaskContext, repeat each Argument) async throws -> Output
    ) -> CeleryProgram {
        CeleryProgram(Result {
            let definition = try Self.naming(name) {
                try TaskDefinition(
                    name: name, options: options, arguments: arguments, message: LocalizedErrorMessage.of, function: function)
            }
            return try tasks.get() + [definition]
        })
    }
}
