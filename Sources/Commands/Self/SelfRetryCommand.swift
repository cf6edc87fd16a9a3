import Arguments
import CeleryCore
import Tasks

/// `celery self retry`: asks for another try of a task.
enum SelfRetryCommand {
    static let delay = Option.value(
        "in", placeholder: "S", .duration, help: "How long to wait before the next try; by default as the task's options say.")

    static let command = Command(
        CommandSpec(
            "retry", summary: "Ask for another try of the task",
            discussion: [
                "When the task ends by itself, it is tried again. If its options allow no further try, it fails with MaxRetriesExceededError and the reason.",
            ],
            options: [delay.description],
            operands: [Operand("REASON", .optional, help: "Why, for status and the log.")],
            examples: [Example("celery self retry --in 5m 'the shop is closed'", "Try again in five minutes.")],
            exitStatuses: SelfCommand.statuses),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let arguments = context.arguments
        let verdict = TaskVerdict.retry(delay: arguments[delay]?.inSeconds, reason: arguments.operands.first)
        return try SelfCommand.say(TaskTelling(verdict: verdict), context)
    }
}
