import Arguments
import CeleryCore
import Client

/// `celery result`: the return values of tasks.
enum ResultCommand {
    static let traceback = Option.flag("traceback", help: "Print the traceback of a failure as well.")
    static let forget = Option.flag("forget", help: "Drop the results after printing them.")

    static let command = Command(
        CommandSpec(
            "result", section: "Results", summary: "Print the return values of tasks",
            discussion: [
                "A string is printed as it is, anything else as JSON. The failure of a task is printed on stderr as Type: message.",
                "RabbitMQ cannot be asked what waits in its queues: there an id without a stored result is not ready and the status 75, even if nobody ever submitted it. Results by rpc:// are found in the project that submitted the task only.",
            ],
            options: [WaitOptions.wait.description, WaitOptions.timeout.description, traceback.description, forget.description],
            operands: [Operand("ID", .oneOrMore, help: "Ids of tasks, as apply printed them.", completion: .taskID)],
            examples: [Example("celery result --wait 0193...", "Wait for a task and print what it returned.")],
            exitStatuses: CeleryTable.statuses("0", "1", "64", "65", "69", "75", "77", "78", "124", "125", "126", "127", "128+n"),
            outputKeys: [
                OutputKey("id", "The task id."), OutputKey("state", "SUCCESS, FAILURE, REVOKED, or the state of a task that is not done."),
                OutputKey("result", "The return value; null for a failure."),
                OutputKey("error", "Of a failure, or of the last try of a task that is tried again: type, module, message, arguments."),
                OutputKey("exit_status", "What the command exits with for this task."),
                OutputKey("task, worker, attempt, retries", "What ran it, and how often it was tried."),
                OutputKey("started, done", "Times, in ISO 8601."),
                OutputKey("traceback, stderr", "What the task left to find the cause of a failure by."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let client = try context.client(try context.settings())
        let ids = arguments.operands.map { TaskID($0) }
        let printer = ResultPrinter(output: context.output, showsTraceback: arguments[traceback])
        var statuses: [Int32] = []

        var known = try await client.status(of: ids)
        let waits = arguments[WaitOptions.wait] || arguments.isGiven(WaitOptions.timeout)
        if waits {
            let waiting = known.filter { $0.state != .unknown && !$0.state.isReady }.map(\.id)
            _ = try await client.wait(for: waiting, timeout: arguments[WaitOptions.timeout]) { _ in }
            known = try await client.status(of: ids)
        }
        for status in known {
            if status.state.isReady, let result = status.result {
                statuses.append(printer.print(result))
                continue
            }
            let code = status.state == .unknown ? ExitCode.unknown : waits ? ExitCode.timedOut : ExitCode.tryAgain
            statuses.append(code)
            // Why it is tried again, when it is.
            let reason = status.state == .retry ? status.result?.failure : nil
            switch context.output.format {
            case .json:
                var object: JSONObject = [
                    "id": .string(status.id.text), "state": .string(status.state.name), "result": nil,
                    "exit_status": .int(Int64(code)),
                ]
                if let reason { object["error"] = ResultPrinter.error(reason) }
                context.output.object(object)
            case .text:
                let what = status.state == .unknown ? "no such task id" : "not ready: \(status.state.name)\(reason.map { ": \($0.message)" } ?? "")"
                context.output.error("celery result: \(status.id): \(what)")
            }
        }
        if let hint = try ResultsElsewhere.hint(known, client) { context.output.error("hint: \(hint)") }
        if arguments[forget] {
            _ = try await client.store.forget(known.filter(\.state.isReady).map(\.id))
        }
        return statuses.first { $0 != ExitCode.done } ?? ExitCode.done
    }
}
