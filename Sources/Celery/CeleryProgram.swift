// The public face: what a Swift program imports to define tasks, send them, and be a
// `celery` command itself.

@_exported public import CeleryCore
@_exported public import Client
import Commands
import FoundationValues
@_exported public import Logging
@_exported public import Schedules
@_exported public import Tasks

/// A program that is a `celery` command with tasks of its own.
///
///     @main struct Thumbs {
///         static func main() { CeleryProgram(tasks: MakeThumb.self, DropThumb.self).main() }
///     }
public struct CeleryProgram: Sendable {
    private let program: Program

    /// - Parameter tasks: the types whose tasks this program can run. Two of one name are a mistake
    ///   of the program, told at its start; so is a `PeriodicTask` whose schedule makes no sense.
    public init(tasks: any CeleryTask.Type...) {
        program = Program(tasks: Result { try tasks.map { try Self.definition($0) } })
    }

    /// Does what the command line says, and exits.
    public func main() -> Never { program.main() }

    private static func definition<Work: CeleryTask>(_ type: Work.Type) throws -> TaskDefinition {
        do throws(ScheduleError) {
            return try TaskDefinition(type, message: LocalizedErrorMessage.of)
        } catch {
            throw ScheduleError(error.code, "periodic task \(Work.name): \(error.message)", hint: error.hint)
        }
    }
}
