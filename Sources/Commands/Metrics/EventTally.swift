import CeleryCore

/// What only events tell: how many tasks were sent and received, how long they waited, and what workers have taken ahead.
///
/// Statistics do not have it, so these counts begin with the server: as with celery-exporter, whose names they have. Anybody may send events; every
/// name is limited.
struct EventTally: Sendable {
    /// A counter's labels.
    struct Key: Sendable, Hashable {
        var task: String
        var host: String
        var queue: String
    }

    private(set) var sent: [Key: Int] = [:]
    private(set) var received: [Key: Int] = [:]
    private(set) var rejected: [Key: Int] = [:]
    private(set) var waits: [Key: DurationHistogram] = [:]
    private(set) var waitedSeconds: [Key: Double] = [:]
    /// Seconds between receipt and start of the last task that a worker began; 0 after its end.
    private(set) var prefetchTimes: [Place: Double] = [:]

    /// A worker and a task.
    struct Place: Sendable, Hashable {
        var worker: String
        var task: String
    }

    /// A task that has not ended.
    private struct Open {
        var task: String
        var queue: String?
        var sent: Double?
        var eta: Double?
        var worker: String?
        var received: Double?
        var hasBegun = false
    }

    private var open: [TaskID: Open] = [:]
    private var tasks = LabelCap(200)
    private var workers = LabelCap(100)
    private var hosts = LabelCap(100)
    private var queues = LabelCap(100)
    /// The tasks of the project.
    let queuesOfTasks: [String: String]
    private let defaultQueue: String

    /// Open tasks that are followed; beyond, the others count but are not measured.
    private static let mostOpen = 100_000

    init(queuesOfTasks: [String: String] = [:], defaultQueue: String = Route.defaultQueue) {
        self.queuesOfTasks = queuesOfTasks
        self.defaultQueue = defaultQueue
    }

    /// How many tasks each worker has received and not begun.
    var prefetched: [Place: Int] {
        var counts: [Place: Int] = [:]
        for place in prefetchTimes.keys { counts[place] = 0 }
        for task in open.values {
            guard let worker = task.worker, !task.hasBegun else { continue }
            counts[Place(worker: worker, task: task.task), default: 0] += 1
        }
        return counts
    }

    mutating func add(_ event: Event) {
        guard let id = event.taskID else { return }
        switch event.type {
        case "task-sent": send(id, event)
        case "task-received": receive(id, event)
        case "task-started": begin(id, event)
        case "task-rejected":
            rejected[key(open[id], event), default: 0] += 1
            end(id)
        case "task-succeeded", "task-failed", "task-retried", "task-revoked": end(id)
        default: break
        }
    }

    private mutating func send(_ id: TaskID, _ event: Event) {
        var task = opened(id, event)
        task.queue = event.details["queue"]?.stringValue ?? event.details["routing_key"]?.stringValue
        task.sent = event.time.seconds
        task.eta = Self.eta(event)
        var key = key(task, event)
        // Each program that sends has a name of its own.
        key.host = CeleryMetrics.generic
        sent[key, default: 0] += 1
        keep(id, task)
    }

    private mutating func receive(_ id: TaskID, _ event: Event) {
        var task = opened(id, event)
        task.worker = workers.value(event.hostname)
        task.received = event.time.seconds
        task.eta = task.eta ?? Self.eta(event)
        received[key(task, event), default: 0] += 1
        keep(id, task)
    }

    private mutating func begin(_ id: TaskID, _ event: Event) {
        guard var task = open[id], !task.hasBegun else { return }
        task.hasBegun = true
        open[id] = task
        let now = event.time.seconds
        if let worker = task.worker, let received = task.received, task.eta == nil {
            prefetchTimes[Place(worker: worker, task: task.task)] = max(0, now - received)
        }
        guard let sent = task.sent else { return }
        let key = key(task, event)
        let seconds = max(0, now - max(sent, task.eta ?? sent))
        waits[key, default: DurationHistogram()].note(seconds)
        waitedSeconds[key, default: 0] += seconds
    }

    private mutating func end(_ id: TaskID) {
        guard let task = open.removeValue(forKey: id), let worker = task.worker else { return }
        let place = Place(worker: worker, task: task.task)
        if prefetchTimes[place] != nil { prefetchTimes[place] = 0 }
    }

    private mutating func opened(_ id: TaskID, _ event: Event) -> Open {
        var task = open[id] ?? Open(task: "")
        if let name = event.details["name"]?.stringValue { task.task = tasks.value(name) }
        // It comes again.
        task.hasBegun = false
        return task
    }

    private mutating func keep(_ id: TaskID, _ task: Open) {
        guard open[id] != nil || open.count < Self.mostOpen else { return }
        open[id] = task
    }

    private mutating func key(_ task: Open?, _ event: Event) -> Key {
        let name = task?.task ?? ""
        let queue = task?.queue ?? queuesOfTasks[name] ?? defaultQueue
        return Key(task: name, host: hosts.value(CeleryMetrics.host(event.hostname)), queue: queues.value(queue))
    }

    private static func eta(_ event: Event) -> Double? {
        event.details["eta"]?.stringValue.flatMap { ISO8601.timestamp($0)?.seconds }
    }
}
