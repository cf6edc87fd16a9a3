import Arguments
import CeleryCore
import Tasks
import Wire

/// A task as `celery list` prints it.
struct TaskRow {
    let task: ListedTask
    let redaction: Redaction
    let now: Timestamp

    static let headings = ["id", "state", "task", "queue", "age", "duration", "worker", "details"]

    static let keys = [
        OutputKey("id, state, task, queue", "The task; the state is QUEUED, SCHEDULED, STARTED, RETRY, SUCCESS, FAILURE, REVOKED, or a task's own state such as PROGRESS."),
        OutputKey("args, kwargs", "Its arguments; null if they are not kept, are left out, or cannot be read. Secret values are ***."),
        OutputKey("command", "What a task of celery run runs, as typed in a shell; absent otherwise."),
        OutputKey("attempt, retries, worker", "The number of the attempt and of retries, and the worker that has the task or had it last; null if unknown."),
        OutputKey("submitted, eta, started, done, changed", "Times, in ISO 8601; changed is the last of them that is in the past."),
        OutputKey("duration", "Seconds from the start of the last attempt until its end, or until now while it runs."),
        OutputKey("progress", "What a running task says about itself: an object, often with current, total and text; or null."),
        OutputKey("result, error", "The return value; the error as type: message, of the last attempt."),
    ]

    /// The columns.
    var fields: [String] {
        [
            task.id.text, state, task.task ?? "-", task.queue ?? "-",
            WorkerList.age(task.submitted ?? task.changed, now), duration.map(Self.durationText) ?? "-", worker ?? "-", details,
        ]
    }

    var object: JSONObject {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func time(_ value: Timestamp?) -> JSON { value.map { .string(ISO8601.text($0)) } ?? .null }
        func number(_ value: Int?) -> JSON { value.map { .int(Int64($0)) } ?? .null }
        let shown = arguments.flatMap(redaction.shown)
        var object: JSONObject = [
            "id": .string(task.id.text), "state": .string(state), "task": text(task.task), "queue": text(task.queue),
            "args": shown.map { .array($0.args) } ?? .null, "kwargs": shown.map { .object($0.kwargs) } ?? .null,
            "attempt": number(task.location?.attempt ?? task.result?.attempt),
            "retries": number(task.location?.retries ?? task.result?.retries), "worker": text(worker),
            "submitted": time(task.submitted), "eta": time(task.location?.eta), "started": time(started),
            "done": time(task.phase.isOpen ? nil : task.result?.dateDone), "changed": time(task.changed),
            "duration": duration.map { .double($0) } ?? .null,
            "progress": progress.map { .object($0.info) } ?? .null,
            "result": task.phase == .success ? task.result?.value ?? .null : .null,
            "error": text(task.result?.failure.map(Self.text)),
        ]
        if let command { object["command"] = .string(command) }
        return object
    }

    private var state: String {
        if task.phase == .started, case .custom(let name)? = task.result?.state { return name }
        return task.phase.name
    }

    private var worker: String? { task.location?.worker ?? task.result?.worker }
    private var started: Timestamp? { task.location?.started ?? task.result?.dateStarted }

    private var duration: Double? {
        guard let started else { return nil }
        switch task.phase {
        case .started: return max(0, now.seconds - started.seconds)
        case .success, .failure, .revoked: return task.result?.dateDone.map { max(0, $0.seconds - started.seconds) }
        case .queued, .scheduled, .retry: return nil
        }
    }

    private var arguments: TaskArguments? { task.request.flatMap { try? BodyCodec.decode($0.body) } ?? task.arguments }

    /// What a task of `celery run` runs; `nil` for other tasks. Its keyword arguments are only the surroundings of the command.
    private var command: String? {
        guard task.task == CommandTask.name, let shown = arguments.flatMap(redaction.shown) else { return nil }
        return CommandTitle.of(shown.args)
    }

    private var progress: TaskProgress? { task.phase == .started ? task.result.flatMap(TaskProgress.init) : nil }

    /// The error of what failed, and else how far a running task has come, and the command or the arguments.
    private var details: String {
        if [.failure, .retry, .revoked].contains(task.phase), let failure = task.result?.failure {
            return Self.text(failure).split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
        }
        let words = command ?? arguments.map(CallText(redaction).words) ?? ""
        return [progress?.line ?? "", words].filter { !$0.isEmpty }.joined(separator: ": ")
    }

    private static func text(_ failure: TaskFailure) -> String {
        failure.message.isEmpty ? failure.type : "\(failure.type): \(failure.message)"
    }

    /// `0.25s`, `12.5s`, or as ages are written.
    private static func durationText(_ seconds: Double) -> String {
        guard seconds < 60 else { return WorkerList.age(Timestamp(seconds: 0), Timestamp(seconds: seconds)) }
        let hundredths = Int((seconds * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)s"
    }
}
