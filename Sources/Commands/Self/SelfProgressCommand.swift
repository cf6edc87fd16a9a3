import Arguments
import CeleryCore
import Tasks

/// `celery self progress`: tells how far a task has come.
enum SelfProgressCommand {
    static let command = Command(
        CommandSpec(
            "progress", summary: "Report how far the task has come",
            discussion: [
                "The state of the task becomes PROGRESS, and status, list and taskset show the numbers and the text. Report as often as you like: the worker stores at most four reports a second, and always the latest.",
            ],
            operands: [
                Operand("AMOUNT", help: "The amount done and the total, in any unit, as N/TOTAL; or N alone; or a percentage such as 30%."),
                Operand("TEXT", .optional, help: "What the task is doing."),
            ],
            examples: [Example("celery self progress 30/100 'copying'", "Say that 30 of 100 are done.")],
            exitStatuses: SelfCommand.statuses),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let operands = context.arguments.operands
        var info = try amount(operands[0])
        if operands.count > 1 { info["text"] = .string(operands[1]) }
        return try SelfCommand.say(TaskTelling(progress: info), context)
    }

    /// Parses `30/100`, `30%` or `30`.
    static func amount(_ word: String) throws(ArgumentError) -> JSONObject {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 1, word.hasSuffix("%"), let percent = number(word.dropLast()) { return ["current": percent, "total": 100] }
        let numbers = parts.compactMap { number($0) }
        guard numbers.count == parts.count, (1...2).contains(parts.count), parts.count == 1 || numbers[1] != 0 else {
            throw ArgumentError("'\(word)' is not a progress; write N/TOTAL, such as 30/100, or a percentage")
        }
        var info: JSONObject = ["current": numbers[0]]
        if parts.count == 2 { info["total"] = numbers[1] }
        return info
    }

    private static func number(_ text: Substring) -> JSON? {
        guard let first = text.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        if let whole = Int64(text) { return .int(whole) }
        guard let value = Double(text), value.isFinite else { return nil }
        return .double(value)
    }
}
