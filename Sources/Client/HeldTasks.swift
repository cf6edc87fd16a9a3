import CeleryCore
import Wire

/// The tasks that workers report when asked: running tasks, and tasks that they keep until a child is free, a limit allows them or their
/// ETA comes. For a broker that cannot search its queues.
///
/// Answers are not trusted: anybody may have sent them.
struct HeldTasks {
    /// When the workers were asked.
    private let asked: Timestamp

    init(asked: Timestamp = .now) { self.asked = asked }

    /// Asks ours and Python's workers; takes about a second where the broker does not know how many there are.
    ///
    /// - Throws: `DriverError`.
    static func tasks(of broker: any WorkerAsking) async throws -> [ListedTask] {
        let held = HeldTasks()
        let methods = ["scheduled", "reserved", "active"]
        let gathered = try await broker.ask(methods.map { ControlRequest(method: $0) }, of: .all, within: .seconds(1))
        // Two answers name a task that began between them; the last one counts.
        var byID: [TaskID: ListedTask] = [:]
        for (method, answers) in zip(methods, gathered.answers) {
            for answer in answers {
                for task in held.tasks(method, answer.value, of: answer.worker) { byID[task.id] = task }
            }
        }
        return Array(byID.values)
    }

    /// The tasks of one answer.
    ///
    /// - Parameter method: `scheduled`, `reserved` or `active`.
    func tasks(_ method: String, _ answer: JSON, of worker: String) -> [ListedTask] {
        (answer.arrayValue ?? []).compactMap { entry in
            let eta = entry["eta"]?.stringValue.flatMap { ISO8601.timestamp($0) }
            return switch method {
            case "scheduled": entry["request"].flatMap { task(.scheduled, $0, of: worker, eta: eta) }
            case "reserved": task(.queued, entry, of: worker)
            default: task(.started, entry, of: worker)
            }
        }
    }

    private func task(_ phase: TaskPhase, _ request: JSON, of worker: String, eta: Timestamp? = nil) -> ListedTask? {
        guard let id = request["id"]?.stringValue else { return nil }
        // Our clients make ids that tell the time.
        let submitted = TaskID(id).created.flatMap { $0 <= asked ? $0 : nil }
        let began = phase == .started ? request["time_start"]?.doubleValue.map { Timestamp(seconds: min(max(0, $0), asked.seconds)) } : nil
        var task = ListedTask(id: TaskID(id), phase: phase, changed: began ?? submitted ?? asked, position: 0)
        task.task = request["name"]?.stringValue
        task.queue = request["delivery_info"]?["routing_key"]?.stringValue
        task.submitted = submitted
        // Python's workers may tell texts instead.
        if let args = request["args"]?.arrayValue, let kwargs = request["kwargs"]?.objectValue {
            task.arguments = TaskArguments(args: args, kwargs: kwargs)
        }
        let attempt = request["delivery_info"]?["redelivered"] == true ? 2 : 1
        var location = MessageLocation(
            task: task.task ?? "", queue: task.queue ?? "", state: phase == .started ? .started : .pending, attempt: attempt, retries: 0)
        (location.worker, location.started, location.eta) = (worker, began, eta)
        task.location = location
        return task
    }
}

extension ListedTask {
    /// Whether the filter's text, if it has one, stands in the arguments that a worker told, as they are shown.
    func tells(textOf filter: TaskFilter) -> Bool {
        guard let text = filter.text else { return true }
        guard let arguments = arguments.flatMap(filter.redaction.shown) else { return false }
        return JSON.array(arguments.args).text(style: .compact).contains(text: text)
            || JSON.object(arguments.kwargs).text(style: .compact).contains(text: text)
            // As a list shows it.
            || arguments.kwargs.members.contains { "\($0.key)=\($0.value.displayText)".contains(text: text) }
    }
}
