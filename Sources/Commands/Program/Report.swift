import Arguments
import CeleryCore
import Configuration
import Glibc
import Processes
import Schedules
import WebServer
import Worker
import ZeroMQ

/// An error with its exit status, its message in one line, and perhaps a hint.
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

/// Ends a command that has already printed its errors.
struct Quit: Error {
    var status: Int32
}

/// Turns errors into texts and exit statuses.
enum Report {
    /// The message, hint and exit status for an error.
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
        case let error as ZMQError:
            CommandError(error.code == .system ? ExitCode.tryAgain : ExitCode.configuration, error.message, hint: error.hint)
        case let error as WebError: CommandError(ExitCode.configuration, error.message, hint: error.hint)
        case let error as PIDFile.Refusal: CommandError(ExitCode.cannotCreate, error.description)
        case let error as SystemError: CommandError(status(of: error), error.description)
        case let error as WorkerError: CommandError(ExitCode.ownBug, error.description)
        case is CancellationError: CommandError(ExitCode.tryAgain, "interrupted")
        default: CommandError(ExitCode.ownBug, "unexpected: \(error)")
        }
    }

    /// Prints an error as `celery COMMAND: message`, and its hint. Passwords in URLs are hidden, wherever a URL
    /// appears in the message.
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
