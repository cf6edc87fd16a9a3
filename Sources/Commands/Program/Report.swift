import Arguments
import CeleryCore
import Configuration
import Glibc
import Processes
import Schedules
import Worker

/// An error as a command means it to be seen: a line, perhaps a hint, a status.
struct CommandError: Error, Sendable {
    var status: Int32
    var message: String
    var hint: String?

    init(_ status: Int32, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }
}

/// A command that has said all there is to say ends with this status.
struct Quit: Error {
    var status: Int32
}

/// The one place where errors become text and exit statuses.
enum Report {
    /// What is said of an error, and the status it ends with.
    static func describe(_ error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: error
        case let error as ArgumentError: CommandError(ExitCode.usage, error.message, hint: error.hint)
        case let error as DriverError: CommandError(ExitCode.of(error.code), error.message, hint: error.hint)
        case let error as ScheduleError: CommandError(ExitCode.configuration, error.message, hint: error.hint)
        case let error as SettingsError:
            CommandError(
                error.code == .noPermission ? ExitCode.noPermission : ExitCode.configuration, error.description,
                hint: error.hint)
        case let error as ScheduleError: CommandError(ExitCode.configuration, error.message, hint: error.hint)
        case let error as PIDFile.Refusal: CommandError(ExitCode.cannotCreate, error.description)
        case let error as SystemError: CommandError(status(of: error), error.description)
        case let error as WorkerError: CommandError(ExitCode.ownBug, error.description)
        case is CancellationError: CommandError(ExitCode.tryAgain, "interrupted")
        default: CommandError(ExitCode.ownBug, "unexpected: \(error)")
        }
    }

    /// Prints an error as `celery COMMAND: message`, and its hint. A URL may stand where nobody expected one, as in the
    /// place of a command: its password is hidden.
    static func print(_ error: CommandError, command: String?, to output: Output) {
        let name = command.map { "celery \($0)" } ?? "celery"
        output.error("\(name): \(ServiceURL.redact(within: error.message))")
        if let hint = error.hint { output.error("hint: \(ServiceURL.redact(within: hint))") }
    }

    private static func status(of error: SystemError) -> Int32 {
        switch error.code {
        case EACCES, EPERM: ExitCode.noPermission
        case EAGAIN, ENOMEM, EMFILE, ENFILE: ExitCode.tryAgain
        default: ExitCode.cannotCreate
        }
    }
}
