import Arguments
import CeleryCore
import Client

/// `celery result`: prints the return values of tasks.
enum ResultCommand {
    static let traceback = Option.flag("traceback", help: "Also print the traceback of a failure.")
    static let forget = Option.flag("forget", help: "Delete the results after printing them.")

    static let command = Command(
        CommandSpec(
            "result", section: "Results", summary: "Print the return values of tasks",
            discussion: [
                "A string is printed as it is, and so are bytes: the output of a program that is not UTF-8, and bytes of Python. Anything else is printed as JSON, with numbers as their program wrote them. The failure of a task is printed on stderr as Type: message.",
                "RabbitMQ cannot search its queues: there, an id without a stored result counts as not ready (exit status 75), even if it was never submitted. Results sent by rpc:// are available only in the project that submitted the task.",
            ],
            options: [WaitOptions.wait.description, WaitOptions.timeout.description, traceback.description, forget.description],
            operands: [Operand("ID", .oneOrMore, help: "Ids of tasks, as printed by apply.", completion: .taskID)],
            examples: [Example("celery result --wait 0193...", "Wait for a task and print its return value.")],
            exitStatuses: CeleryTable.statuses("0", "1", "64", "65", "69", "75", "77", "78", "124", "125", "126", "127", "128+n"),
            outputKeys: [
                OutputKey("id", "The task id."), OutputKey("state", "SUCCESS, FAILURE, REVOKED, or the state of an unfinished task."),
                OutputKey("result", "The return value; null for a failure."),
                OutputKey("error", "For a failure, or the last attempt of a task in state RETRY: type, module, message, arguments."),
                OutputKey("exit_status", "The exit status of the command for this task."),
                OutputKey("task, worker, attempt, retries", "The task, the worker that ran it, and the numbers of the attempt and of retries."),
                OutputKey("started, done", "Times, in ISO 8601."),
                OutputKey("traceback, stderr", "Diagnostics of the task, or null."),
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
            // The reason of a retry.
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
