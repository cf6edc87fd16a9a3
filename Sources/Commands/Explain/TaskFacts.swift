import CeleryCore
import Wire

/// What could be learned of one task, from everything there is.
struct TaskFacts: Sendable {
    var id: TaskID
    /// When they were gathered.
    var now: Timestamp
    var result: TaskResult?
    /// Where the broker has its message, if it can tell.
    var location: MessageLocation?
    var standing: MessageStanding?
    /// Whether the broker can be asked what waits in its queues.
    var brokerTells = true
    /// What a worker says that has it.
    var hold: Hold?
    /// Whether the worker that has it was asked, and said nothing.
    var isSilent = false
    var limit: LimitWait?
    /// Those that are alive; `nil` where nobody can tell.
    var workers: [WorkerReport]?
    /// The pauses that hold, by queue.
    var pauses: [String: QueuePause] = [:]
    /// Revocations that are in force.
    var revocations: [Revocation] = []
    /// What waits in the queues that can be counted.
    var counts: [QueueCount] = []
    var letter: DeadLetter?
    /// Kept events about it, oldest first.
    var events: [Event] = []
    /// States of its parent and children, as far as they are known.
    var states: [TaskID: TaskState] = [:]

    /// Where a worker has a task.
    struct Hold: Sendable, Equatable {
        var worker: String
        /// `active`, `reserved` or `scheduled`, in the words of Celery.
        var place: String
        var task: String?
        var queue: String?
        var began: Timestamp?
        /// Of `reserved`: what it waits for, when that is a limit.
        var limit: LimitWait?
    }

    init(_ id: TaskID, now: Timestamp) { (self.id, self.now) = (id, now) }
}

extension TaskFacts {
    var task: String? {
        location?.task ?? result?.task ?? hold?.task ?? letter?.task ?? detail("name")?.stringValue
    }

    /// Where it waits or was taken from, as far as anybody says so.
    var queue: String? {
        location?.queue ?? result?.queue ?? letter?.queue ?? hold?.queue ?? detail("queue")?.stringValue
    }

    var pause: QueuePause? { queue.flatMap { pauses[$0] } }

    var count: QueueCount? { queue.flatMap { name in counts.first { $0.name == name } } }

    var eta: Timestamp? {
        standing?.message?.eta ?? location?.eta ?? detail("eta")?.stringValue.flatMap { ISO8601.timestamp($0) }
    }

    /// When it was sent: by the broker, else by its event, else by an id that tells the time.
    var submitted: Timestamp? {
        location?.submitted ?? events.first { $0.type == "task-sent" }?.time ?? id.created
    }

    var attempts: [TaskAttempt] { TaskAttempt.history(self) }

    /// When its first attempt began.
    var began: Timestamp? { attempts.first?.began }

    var parent: TaskID? {
        standing?.message?.parentID ?? result?.parentID ?? detail("parent_id")?.stringValue.map { TaskID($0) }
    }

    var group: String? { standing?.message?.groupID ?? result?.groupID }

    /// Tasks that it has sent.
    var children: [TaskID] { (result?.children ?? []).flatMap(Self.ids).distinct }

    /// The newest revocation by which a worker will drop it.
    var revocation: Revocation? {
        revocations.last { revocation in
            revocation.until > now && (revocation.target == .id(id) || standing?.message.map(revocation.covers) ?? false)
        }
    }

    /// Whether anybody has heard of it.
    var isKnown: Bool { revocation != nil || result != nil || location != nil || hold != nil || letter != nil || !events.isEmpty }

    /// What the newest event says that says it.
    private func detail(_ key: String) -> JSON? {
        events.reversed().lazy.compactMap { $0.details[key] }.first { !$0.isNull }
    }

    /// Ids in Celery's nested form: `[[id, parent], children]`.
    private static func ids(_ node: JSON) -> [TaskID] {
        guard let elements = node.arrayValue else { return [] }
        if let id = elements.first?.stringValue { return [TaskID(id)] }
        return elements.flatMap(ids)
    }
}
