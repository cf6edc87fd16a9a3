import Arguments
import CeleryCore
import Client
import Glibc
import Wire

/// `celery status`: shows the states of tasks, or lists the workers.
enum StatusCommand {
    static let long = Option.flag("long", short: "l", help: "Also show task, attempt, worker, times and reason.")
    static let watch = Option.flag("watch", help: "Redraw until all tasks are finished, or for as long as --timeout says.")

    static let command = Command(
        CommandSpec(
            "status", section: "Results", summary: "Show the states of tasks, or list the workers",
            discussion: [
                "The options of this command need an ID.",
                "With ids, prints the id and the state of each task, separated by a tab. The state is PENDING, RECEIVED, STARTED, RETRY, SUCCESS, FAILURE or REVOKED, or UNKNOWN for an id that neither the broker nor the result store knows. A running task that reports how far it has come (see celery-self(1)) is in state PROGRESS; its report follows after another tab.",
                "RabbitMQ cannot search its queues: there, an id without a stored result is PENDING (exit status 75), even if it was never submitted or its result is in another store; UNKNOWN and exit status 127 do not occur.",
                "Without ids, lists the running workers with their tasks and how long each has been running, and then, for an hour, workers that were lost: killed, or cut off from the broker. A worker is no longer listed as lost while one of its name is running. RabbitMQ cannot list workers: there they are asked, and have a second to answer; lost workers of Python's Celery are not known.",
            ],
            options: [long.description, WaitOptions.wait.description, WaitOptions.timeout.description, watch.description],
            operands: [Operand("ID", .zeroOrMore, help: "Ids of tasks, as printed by apply.", completion: .taskID)],
            examples: [
                Example("celery status", "List the workers."),
                Example("celery status --wait 0193...", "Wait until a task is finished and print its state."),
            ],
            exitStatuses: [
                ExitStatus(0, "All tasks succeeded, or a worker is running."), ExitStatus(1, "A task failed."),
                ExitStatus(69, "No worker is running, or the broker cannot be reached."),
                ExitStatus(75, "A task is not finished; or the broker accepts no messages now, so that workers cannot be queried."),
                ExitStatus(124, "Timed out waiting."), ExitStatus(125, "A task was revoked or expired."),
                ExitStatus(127, "No such task id."),
            ] + CeleryTable.statuses("64", "65", "77", "78"),
            outputKeys: [
                OutputKey("id, state", "The task id and state."),
                OutputKey("task, queue, attempt, retries, worker", "Further facts about the task, or null."),
                OutputKey("command", "What an unfinished task of celery run runs; absent otherwise."),
                OutputKey("reason", "Why the task is retried, failed, or was revoked."),
                OutputKey("progress", "What a running task reports about itself: an object, often with current, total and text; or null."),
                OutputKey("meta", "What the task noted about itself; an empty object if nothing."),
                OutputKey("submitted, eta, started, done", "Times of the task, in ISO 8601."),
                OutputKey("worker, pid, queues, started, running", "Without ids, the facts about a worker."),
                OutputKey("lost", "Without ids, when a lost worker was last known to be alive; null for a running one."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let ids = arguments.operands.map { TaskID($0) }
        let aboutTasks = [
            ("--long", arguments[long]), ("--watch", arguments[watch]), ("--wait", arguments[WaitOptions.wait]),
            ("--timeout", arguments.isGiven(WaitOptions.timeout)),
        ]
        if ids.isEmpty, let (name, _) = aboutTasks.first(where: \.1) { throw ArgumentError("\(name) is about tasks, but no ID is given") }
        let client = try context.client(try context.settings())
        if ids.isEmpty { return try await WorkerList(context: context).print(client) }

        let waits = arguments[WaitOptions.wait] || arguments.isGiven(WaitOptions.timeout)
        if arguments[watch] { return try await StatusWatch(context: context, ids: ids, timeout: arguments[WaitOptions.timeout]).run(client) }
        var known = try await client.status(of: ids)
        var timedOut = false
        if waits {
            let open = known.filter { $0.state != .unknown && !$0.state.isReady }.map(\.id)
            timedOut = try await !client.wait(for: open, timeout: arguments[WaitOptions.timeout]) { _ in }.late.isEmpty
            known = try await client.status(of: ids)
        }
        let commands = arguments[long] || context.output.format == .json ? try await CommandTitle.unfinished(known, client) : [:]
        show(known, context, commands: commands)
        if let hint = try ResultsElsewhere.hint(known, client) { context.output.note("hint: \(hint)") }
        return timedOut ? ExitCode.timedOut : exitStatus(known)
    }

    /// The first of 127, 125, 1, 75 that applies.
    static func exitStatus(_ known: [TaskStatus]) -> Int32 {
        if known.contains(where: { $0.state == .unknown }) { return ExitCode.unknown }
        if known.contains(where: { $0.state == .revoked }) { return ExitCode.revoked }
        if known.contains(where: { $0.state == .failure }) { return ExitCode.taskFailed }
        if known.contains(where: { !$0.state.isReady }) { return ExitCode.tryAgain }
        return ExitCode.done
    }

    /// - Parameter commands: What unfinished commands run.
    /// - Returns: The number of lines.
    @discardableResult
    static func show(_ known: [TaskStatus], _ context: CommandContext, commands: [TaskID: String] = [:]) -> Int {
        func whole(_ status: TaskStatus) -> JSONObject {
            var object = object(status)
            if let command = commands[status.id] { object["command"] = .string(command) }
            return object
        }
        if context.arguments[long] {
            // Details bear their names, and are not cut at the edge of a terminal.
            for status in known { context.output.record(whole(status), text: longText(status, commands[status.id])) }
            return known.count
        }
        let headings = ["id", "state"] + (known.contains { $0.progress != nil } ? ["progress"] : [])
        return context.output.table(known, headings, fields: fields, object: whole)
    }

    private static func fields(_ status: TaskStatus) -> [String] {
        ([status.id.text, status.state.name] + (status.progress.map { [$0.line] } ?? [])).map(\.inOneLine)
    }

    private static func longText(_ status: TaskStatus, _ command: String?) -> String {
        var fields = fields(status)
        let details = object(status)
        for key in ["task", "attempt", "worker", "submitted", "eta", "started", "done", "reason"] {
            guard let value = details[key], !value.isNull else { continue }
            fields.append("\(key)=\(value.displayText)")
        }
        if let command { fields.append("command=\(command)") }
        return fields.row
    }

    /// The reason in one line.
    private static func reason(_ failure: TaskFailure) -> String {
        let text = failure.message.isEmpty ? failure.type : "\(failure.type): \(failure.message)"
        return String(text.prefix(500)).replacing(text: "\n", with: " ").replacing(text: "\t", with: " ")
    }

    static func object(_ status: TaskStatus) -> JSONObject {
        let result = status.result
        let location = status.location
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func time(_ value: Timestamp?) -> JSON { value.map { .string(ISO8601.text($0)) } ?? .null }
        func number(_ value: Int?) -> JSON { value.map { .int(Int64($0)) } ?? .null }
        return [
            "id": .string(status.id.text), "state": .string(status.state.name),
            "task": text(location?.task ?? result?.task), "queue": text(location?.queue ?? result?.queue),
            "attempt": number(location?.attempt ?? result?.attempt), "retries": number(location?.retries ?? result?.retries),
            "worker": text(location?.worker ?? result?.worker), "submitted": time(location?.submitted ?? result?.submitted),
            "eta": time(location?.eta), "started": time(location?.started ?? result?.dateStarted),
            "done": time(result?.dateDone), "reason": text(status.state == result?.state ? result?.failure.map(reason) : nil),
            "progress": status.progress.map { .object($0.info) } ?? .null, "meta": .object(result?.meta ?? [:]),
        ]
    }
}
