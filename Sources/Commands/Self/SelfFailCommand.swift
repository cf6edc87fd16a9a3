import Arguments
import CeleryCore
import Tasks

/// `celery self fail`: declares the failure of a task.
enum SelfFailCommand {
    static let command = Command(
        CommandSpec(
            "fail", summary: "Declare the failure of the task",
            discussion: [
                "When the task ends by itself, it fails with an error of this type. Clients in Python raise an exception of the type: one of Python's own, such as ValueError, or a new one. With autoretry=TYPE in its options, the task is retried.",
            ],
            operands: [
                Operand("TYPE", help: "A name of letters, digits, _ and dots: SoldOut, or with a module shop.SoldOut."),
                Operand("MESSAGE", .optional, help: "What happened."),
            ],
            examples: [Example("celery self fail SoldOut 'no more'", "The task fails with SoldOut: no more.")],
            exitStatuses: SelfCommand.statuses),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let operands = context.arguments.operands
        guard RetryCause.isName(operands[0]) else {
            throw ArgumentError("'\(operands[0])' is not a type of error; use letters, digits, _ and dots, such as SoldOut")
        }
        let verdict = TaskVerdict.fail(type: operands[0], message: operands.count > 1 ? operands[1] : nil)
        return try SelfCommand.say(TaskTelling(verdict: verdict), context)
    }
}
