import Arguments
import CeleryCore
import Tasks

/// `celery self retry`: asks for another try of a task.
enum SelfRetryCommand {
    static let delay = Option.value(
        "in", placeholder: "S", .duration, help: "Wait this long before the retry; by default, the delay in the task's options.")

    static let command = Command(
        CommandSpec(
            "retry", summary: "Request a retry of the task",
            discussion: [
                "When the task ends by itself, it is retried. If its options allow no further retry, it fails with MaxRetriesExceededError and the reason.",
            ],
            options: [delay.description],
            operands: [Operand("REASON", .optional, help: "The reason, shown by status and in the log.")],
            examples: [Example("celery self retry --in 5m 'the shop is closed'", "Try again in five minutes.")],
            exitStatuses: SelfCommand.statuses),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let arguments = context.arguments
        let verdict = TaskVerdict.retry(delay: arguments[delay]?.inSeconds, reason: arguments.operands.first)
        return try SelfCommand.say(TaskTelling(verdict: verdict), context)
    }
}
