import CeleryCore

/// Messages that the broker has not confirmed in time, and may take all the same, or take later.
enum Unconfirmed {
    /// Whether this is what an error says.
    static func isMeant(by error: DriverError) -> Bool { error.code == .tryAgain && !error.unconfirmed.isEmpty }

    /// What is said of one task. Its id is known to nobody yet: under `--json` it is a result as well.
    static func task(_ message: Message, _ error: DriverError, _ output: Output) -> CommandError {
        if output.format == .json {
            let object: JSONObject = ["id": .string(message.id.text), "task": .string(message.task), "confirmed": false]
            output.object(object)
        }
        return CommandError(
            ExitCode.tryAgain, "task \(message.id) is not confirmed: \(error.message)",
            hint: "try again with --task-id \(ShellWord.quoted(message.id.text)), so that it is one task with one result should the broker take both")
    }

    /// What is said of lines of a batch, or of items of a map.
    ///
    /// - Parameters:
    ///   - what: `lines` or `items`.
    ///   - last: the number after which nothing was sent any more; `nil` when there is nothing after it.
    static func those(_ what: String, _ numbers: some Sequence<Int>, nothingAfter last: Int?) -> String {
        "\(what) \(NumberList.text(numbers))" + (last.map { " and all after \($0)" } ?? "")
    }
}
