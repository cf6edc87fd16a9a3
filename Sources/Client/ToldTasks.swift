import CeleryCore

/// The tasks that have ended according to stored events: for a store that cannot list its results.
///
/// What waits or runs is not taken from events: a worker that sends none leaves tasks behind that look as if they waited.
struct ToldTasks {
    private var ended: [TaskID: ListedTask] = [:]
    /// What earlier events told of tasks: the name, the queue and when they began.
    private var known: [TaskID: ListedTask] = [:]

    /// How far back events are read, unless a filter says so: reading them takes time.
    static let age: Double = 3_600
    /// Limit for reading.
    private static let patience: Duration = .seconds(2)

    /// Reads the stored events since a time, as many as can be read within two seconds.
    ///
    /// - Returns: No tasks where the broker stores no events, or this user may not read them.
    static func tasks(of broker: any EventFollowing, since: Timestamp, now: Timestamp = .now) async -> [ListedTask] {
        guard let feed = try? await broker.events(from: .since(since)) else { return [] }
        var told = ToldTasks()
        let deadline = ContinuousClock.now + patience
        while deadline > .now, let piece = try? await feed.next(until: min(deadline, .now + feed.patience)) {
            for recorded in piece.events { told.add(recorded.event) }
            if piece.isEmpty || piece.events.contains(where: { $0.event.time > now }) { break }
        }
        await feed.close()
        return told.tasks
    }

    var tasks: [ListedTask] { Array(ended.values) }

    /// Takes the next event into account. Anybody may have sent it.
    mutating func add(_ event: Event) {
        guard let id = event.taskID else { return }
        var task = known[id] ?? ListedTask(id: id, phase: .queued, changed: event.time, position: 0)
        task.task = event.details["name"]?.stringValue ?? task.task
        var phase: TaskPhase?
        switch event.type {
        case "task-sent":
            task.queue = event.details["queue"]?.stringValue
            task.submitted = event.time
        case "task-started": task.result = started(id, event)
        case "task-succeeded": phase = .success
        case "task-failed": phase = .failure
        case "task-revoked": phase = .revoked
        case "task-received", "task-retried", "task-rejected": break
        default: return
        }
        guard let phase else {
            // It comes again.
            ended[id] = nil
            known[id] = task
            return
        }
        known[id] = nil
        task.phase = phase
        task.changed = event.time
        task.submitted = task.submitted ?? id.created
        var result = task.result ?? TaskResult(id: id, state: .pending)
        result.state = phase == .success ? .success : phase == .failure ? .failure : .revoked
        result.dateDone = event.time
        result.worker = event.hostname
        if let runtime = event.details["runtime"]?.doubleValue, runtime.isFinite, runtime >= 0, result.dateStarted == nil {
            result.dateStarted = Timestamp(seconds: event.time.seconds - runtime)
        }
        // Events show exceptions as text.
        if let text = event.details["exception"]?.stringValue { result.failure = TaskFailure(type: text, arguments: [], module: "") }
        task.result = result
        ended[id] = task
    }

    private func started(_ id: TaskID, _ event: Event) -> TaskResult {
        var result = TaskResult(id: id, state: .started)
        result.dateStarted = event.time
        return result
    }
}

extension ListedTask {
    /// Whether a text stands in the error.
    func fails(with text: String) -> Bool { result?.failure?.type.contains(text: text) ?? false }
}
