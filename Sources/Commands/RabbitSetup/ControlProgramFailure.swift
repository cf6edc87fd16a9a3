import CeleryCore
import Processes

/// A failed run of `rabbitmqctl`. Its exit statuses are those of sysexits.h, but the same status means both
/// "no broker" and "wrong cookie", so the output must be searched as well.
struct ControlProgramFailure {
    var program: String
    var arguments: [String]
    var status: WaitStatus
    var printed: String
    var said: String

    var error: CommandError {
        let words = said + printed
        if words.contains(text: "Only root or rabbitmq") || words.contains(text: "cookie: eacces")
            || words.contains(text: "Erlang distribution failed")
        {
            return CommandError(
                ExitCode.noPermission, "\(program) is not permitted to connect to the broker as this user",
                hint: "run this as root, or name the management API with --api http://ADMIN:PASSWORD@localhost:15672")
        }
        switch status {
        case .exited(ExitCode.unreachable):
            return CommandError(
                ExitCode.unreachable, "\(program) finds no broker on this machine",
                hint: "start RabbitMQ, or name the management API of another machine with --api URL")
        case .exited(ExitCode.usage):
            return CommandError(
                ExitCode.configuration, "\(program) does not know how to \(verb): \(reason)",
                hint: "RabbitMQ 3.8.2 or later is needed, or the management API: --api URL")
        default:
            return CommandError(ExitCode.badData, "\(program) cannot \(verb): \(reason)")
        }
    }

    private var verb: String { (arguments.first { !$0.hasPrefix("-") } ?? "run").split(separator: "_").joined(separator: " ") }

    /// The first informative line of the output.
    private var reason: String {
        let lines = (said + "\n" + printed).split(whereSeparator: \.isNewline)
        let line = lines.first { !$0.allSatisfy(\.isWhitespace) && $0 != "Error:" && !$0.hasPrefix("Password:") }
        guard let line else { return "\(status)" }
        return String(line.hasPrefix("Error: ") ? line.dropFirst(7) : line)
    }
}

extension AccessPatterns {
    /// From an object of `rabbitmqctl list_permissions` or of the management API.
    init(_ object: JSON) {
        self.init(
            configure: object["configure"]?.stringValue ?? "", write: object["write"]?.stringValue ?? "",
            read: object["read"]?.stringValue ?? "")
    }
}
