import Arguments
import CeleryCore
import Tasks

/// `celery self meta`: notes something about a task.
enum SelfMetaCommand {
    static let command = Command(
        CommandSpec(
            "meta", summary: "Add notes to the task",
            discussion: [
                "Notes are shown with the progress of the task and stored with its result, under the key meta of status --json and result --json. A VALUE is JSON if it parses as JSON, else a string. A note replaces an earlier note of the same name.",
            ],
            operands: [Operand("KEY=VALUE", .oneOrMore, help: "A name and its value.")],
            examples: [Example("celery self meta rows=1000 source=shop", "Add two notes.")],
            exitStatuses: SelfCommand.statuses),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        var meta = JSONObject()
        for word in context.arguments.operands {
            guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
                throw ArgumentError("'\(word)' is not a note; write KEY=VALUE")
            }
            let text = String(word[word.index(after: equals)...])
            meta[String(word[..<equals])] = (try? JSON(parsing: text)) ?? .string(text)
        }
        return try SelfCommand.say(TaskTelling(meta: meta), context)
    }
}
