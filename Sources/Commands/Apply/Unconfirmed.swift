import CeleryCore

/// Messages the broker did not confirm in time. It may have accepted them nevertheless, or accept them later.
enum Unconfirmed {
    /// Whether an error means that messages are unconfirmed.
    static func isMeant(by error: DriverError) -> Bool { error.code == .tryAgain && !error.unconfirmed.isEmpty }

    /// The error for one task. Nothing has printed the id yet, so `--json` also prints it on stdout.
    static func task(_ message: Message, _ error: DriverError, _ output: Output) -> CommandError {
        if output.format == .json {
            let object: JSONObject = ["id": .string(message.id.text), "task": .string(message.task), "confirmed": false]
            output.object(object)
        }
        return CommandError(
            ExitCode.tryAgain, "task \(message.id) is not confirmed: \(error.message)",
            hint: "try again with --task-id \(ShellWord.quoted(message.id.text)), so that it stays one task with one result even if the broker accepts both")
    }

    /// Names lines of a batch or items of a map.
    ///
    /// - Parameters:
    ///   - what: `lines` or `items`.
    ///   - last: the number after which nothing was sent; `nil` if nothing follows it.
    static func those(_ what: String, _ numbers: some Sequence<Int>, nothingAfter last: Int?) -> String {
        "\(what) \(NumberList.text(numbers))" + (last.map { " and all after \($0)" } ?? "")
    }
}
