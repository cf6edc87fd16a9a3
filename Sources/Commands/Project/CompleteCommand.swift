import Arguments
import CeleryCore
import Glibc
import Processes

/// `celery __complete`: dynamic candidates for the completion scripts.
enum CompleteCommand {
    private static let topics = CompletionTopic.allCases.map(\.rawValue)

    static let command = Command(
        CommandSpec(
            "__complete", summary: "Print candidates for completion",
            operands: [
                Operand("TOPIC", help: "One of \(topics.joined(separator: ", ")).", completion: .values(topics)),
                Operand("WORD", .optional, help: "What the candidates begin with."),
            ],
            isHidden: true),
        launch: launch)

    /// A shell is blocked until its candidates are there. A disk or a network that hangs must not block it for long.
    private static let patience: Duration = .seconds(3)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let operands = context.arguments.operands
        guard let topic = CompletionTopic(rawValue: operands[0]) else {
            throw ArgumentError("\(ArgumentError.quote(operands[0])) is not one of \(topics.joined(separator: ", "))")
        }
        WorkThread.start {
            Syscall.pause(patience)
            // Nothing was printed: lines leave this process only at its end.
            _exit(ExitCode.timedOut)
        }
        return .run {
            for candidate in try await Candidates(context: context).list(topic, startingWith: operands.count > 1 ? operands[1] : "") {
                context.output.line(candidate)
            }
            return ExitCode.done
        }
    }
}
