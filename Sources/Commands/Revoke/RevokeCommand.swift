import Arguments
import CeleryCore
import Client
import Processes
import Worker

/// `celery revoke`: prevents tasks from running, or stops them.
enum RevokeCommand {
    static let task = Option.values(
        "task", placeholder: "NAME", .nonEmptyText, help: "Revoke all tasks of this name submitted so far.")
    static let header = Option.values(
        "header", placeholder: "K=V", .headerValue,
        help: "Revoke all tasks submitted so far with this message header or Python stamp.")
    static let terminate = Option.flag(
        "terminate", help: "Also stop running attempts: a program with all its processes, a Swift task with its pool child.")
    static let signal = Option.value(
        "signal", short: "s", placeholder: "S", .signalName,
        help: "The signal that --terminate sends, by default TERM; KILL follows after ten seconds.")
    static let life = Option.value(
        "ttl", placeholder: "S", .duration,
        help: "How long to remember the revocation, in seconds or as 90s, 10m, 2h, 1d; by default as long as results are stored.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration,
        help: "With --terminate, wait at most this long for running tasks to end; by default 15 seconds.")

    /// The lifetime of revocations if results never expire.
    private static let longest: Duration = .seconds(365 * 86_400)
    private static let patience: Duration = .seconds(15)

    static let command = Command(
        CommandSpec(
            "revoke", section: "Tasks", summary: "Prevent tasks from running, or stop them",
            discussion: [
                "Prints the id and the outcome for each task, separated by a tab. 'removed': the waiting message was deleted. 'flagged': a worker has or may have the task, and drops it unless it has begun. 'terminated': the running task was stopped. 'finished already': nothing was done. 'unknown': the id is unknown, but flagged, so that a task submitted later under this id does not run. The state of a revoked task is REVOKED, and celery result exits with 125.",
                "Workers that start later also obey a revocation, until it expires (--ttl). --task and --header apply to tasks submitted so far. If an id does not contain the time of submission, as with Python's ids, they apply to later tasks as well.",
                "RabbitMQ cannot delete a message from the middle of a queue: there, every task is 'flagged', and dropped when a worker receives it. The revocation is stored in the stream celery.orders (RabbitMQ 3.9 or later) and sent to the workers by remote control. Python's workers obey it until they exit, but do not know --task.",
            ],
            options: [
                task.description, header.description, terminate.description, signal.description, timeout.description, life.description,
            ],
            operands: [Operand("ID", .zeroOrMore, help: "Ids of tasks, as printed by apply.", completion: .taskID)],
            examples: [
                Example("celery revoke 0193...", "Prevent one task from running."),
                Example("celery revoke --terminate --signal INT 0193...", "Stop a task even if it is running."),
                Example("celery revoke --task demo.tasks.add", "Revoke all waiting tasks of one name."),
            ],
            exitStatuses: [
                ExitStatus(0, "Done. This includes unknown ids."),
                ExitStatus(124, "With --terminate, a task did not end in time; workers continue to stop it."),
            ] + CeleryTable.statuses("64", "65", "69", "75", "77", "78"),
            outputKeys: [
                OutputKey("id", "The task id."),
                OutputKey("outcome", "removed, flagged, terminated, finished already, or unknown."),
                OutputKey("task, header", "With --task or --header, the name or header in place of id; the outcome is flagged."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let settings = try context.settings()
        let now = Timestamp.now
        let life = arguments[life] ?? settings.resultExpires.map { .seconds($0) } ?? longest
        let ids = arguments.operands.map { TaskID($0) }.distinct
        let rules = arguments[task].map(Revocation.Target.task) + arguments[header].map { Revocation.Target.header($0.name, value: $0.value) }
        if ids.isEmpty && rules.isEmpty { throw ArgumentError("no task is named: write its id, --task NAME or --header K=V") }
        if ids.contains(where: \.text.isEmpty) {
            throw ArgumentError("an id is empty", hint: "write ids as 'celery apply' prints them; --task NAME is for all tasks of a name")
        }
        if life <= .zero { throw ArgumentError("--ttl must be greater than 0") }
        if arguments.isGiven(signal), !arguments[terminate] { throw ArgumentError("--signal goes with --terminate") }
        if arguments.isGiven(timeout), !arguments[terminate] { throw ArgumentError("--timeout goes with --terminate") }
        let revocations = (ids.map(Revocation.Target.id) + rules).map { target in
            Revocation(
                target, isTerminating: arguments[terminate], signal: arguments[signal] ?? Revocation.defaultSignal, issued: now,
                until: now + life)
        }

        let client = try context.client(settings, willSend: true)
        let name = WorkerIdentity.here(named: "celery@%h").name
        let progress = ProgressLine(output: context.output, "revoke: removed")
        let named = Set(ids)
        let webhooks = WebhookRule(settings)
        let report = try await client.revoke(
            revocations, ending: { RevokedTask.outcome(of: $0, attempt: $1, by: name, now: now, webhooks: webhooks) }
        ) { removed in
            progress.add(removed.count)
            // Named tasks are printed below, in the order of the operands.
            for id in removed where !named.contains(id) { show(id, "removed", context) }
        }
        progress.clear()
        if let reason = report.forgetful {
            context.output.note("celery revoke: warning: workers that start later will not know of the revocation: \(reason)")
        }
        var waited = Ends()
        if arguments[terminate] {
            let open = ids.filter { report.fates[$0] != .removed && report.fates[$0] != .finished && report.fates[$0] != .unknown }
                + report.fates.filter { $0.value == .held && !ids.contains($0.key) }.keys
            waited = try await ends(of: open, client, within: arguments[timeout] ?? patience)
        }
        for id in ids + report.fates.keys.filter({ !ids.contains($0) }).sorted(by: { $0.text < $1.text }) {
            show(id, word(report.fates[id], waited.states[id]), context)
        }
        for rule in rules { show(rule, context) }
        await client.close()
        return waited.isLate ? ExitCode.timedOut : ExitCode.done
    }

    private static func show(_ id: TaskID, _ outcome: String, _ context: CommandContext) {
        context.output.record(["id": .string(id.text), "outcome": .string(outcome)], text: "\(id.text.inOneLine)\t\(outcome)")
    }

    private static func show(_ rule: Revocation.Target, _ context: CommandContext) {
        switch rule {
        case .id: break
        case .task(let name):
            context.output.record(["task": .string(name), "outcome": "flagged"], text: "task \(name.inOneLine)\tflagged")
        case .header(let name, let value):
            context.output.record(
                ["header": .string("\(name)=\(value)"), "outcome": "flagged"], text: "header \("\(name)=\(value)".inOneLine)\tflagged")
        }
    }

    /// The final states of terminated tasks.
    private struct Ends {
        var states: [TaskID: TaskState] = [:]
        var isLate = false
    }

    private static func ends(of ids: [TaskID], _ client: Client, within limit: Duration) async throws -> Ends {
        var ends = Ends()
        // Results sent to the submitting client cannot be read here.
        guard !ids.isEmpty, !(try client.store is any ResultAnswering) else { return ends }
        let unfinished = try await client.wait(for: ids, timeout: limit) { ends.states[$0.id] = $0.state }
        // A broker that cannot locate messages may hold the task in a queue: do not count it as late.
        ends.isLate = client.broker is any MessageLocating && !unfinished.late.isEmpty
        return ends
    }

    private static func word(_ fate: RevocationReport.Fate?, _ end: TaskState?) -> String {
        switch fate {
        case .removed: return "removed"
        case .finished: return "finished already"
        case .unknown: return "unknown"
        case .held, nil:
            switch end {
            case .revoked: return "terminated"
            case .success, .failure: return "finished already"
            default: return "flagged"
            }
        }
    }
}

extension ValueParser where Value == String {
    /// A signal by its name or number.
    static var signalName: Self {
        Self { (text) throws(InvalidValue) in
            guard let number = Signal.number(of: text) else { throw InvalidValue("is not a signal", advice: "write TERM, INT or KILL") }
            return Signal.name(of: number)
        }
    }
}

/// A header given on the command line.
struct HeaderValue: Sendable {
    var name: String
    var value: String
}

extension ValueParser where Value == HeaderValue {
    /// `K=V`.
    fileprivate static var headerValue: Self {
        Self { (text) throws(InvalidValue) in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { throw InvalidValue("is not of the form K=V") }
            return HeaderValue(name: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
        }
    }
}
