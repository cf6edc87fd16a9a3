import Arguments
import CeleryCore
import Client

/// `--wait` of commands that send one task: `apply`, `beat run`.
struct ResultWaiting {
    let context: CommandContext
    let client: Client
    /// The name of the task, for results that do not tell it.
    var task: String?

    /// Whether the command line asks for it.
    static func isAsked(_ arguments: ParsedArguments) -> Bool {
        arguments[WaitOptions.wait] || arguments.isGiven(WaitOptions.timeout)
    }

    /// Waits for the task, prints its return value, and returns its exit status.
    ///
    /// - Parameters:
    ///   - id: the task, which is not that of `message` if an earlier submission has its key.
    ///   - message: the message that was sent.
    ///   - deadline: when to give up; `nil` waits indefinitely.
    func wait(for id: TaskID, of message: Message, until deadline: ContinuousClock.Instant?) async throws -> Int32 {
        guard let notice = WaitingNotice(context, client, message) else { return try await wait(for: id, until: deadline) }
        return try await notice.during { try await wait(for: id, until: deadline) }
    }

    /// The same, silently.
    func wait(for id: TaskID, until deadline: ContinuousClock.Instant?) async throws -> Int32 {
        var printer = ResultPrinter(output: context.output)
        printer.passesErrorOutput = true
        var status = ExitCode.timedOut
        let unfinished = try await client.wait(for: [id], timeout: deadline.map { max(.zero, $0 - .now) }) {
            var result = $0
            result.task = result.task ?? task
            status = printer.print(result)
        }
        if !unfinished.gone.isEmpty {
            throw CommandError(
                ExitCode.unknown, "no result of task \(id) is stored",
                hint: "the result was erased, or is ignored (ignore_result, CELERY_IGNORE_RESULT)")
        }
        if !unfinished.late.isEmpty {
            context.output.error("celery \(context.arguments.command?.qualifiedName ?? ""): timed out waiting for \(id)")
            context.output.error("hint: the task is not revoked; get its result with celery result --wait \(id)")
        }
        return status
    }
}
