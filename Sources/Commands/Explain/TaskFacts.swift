import CeleryCore
import Wire

/// Everything known about one task, from all sources.
struct TaskFacts: Sendable {
    var id: TaskID
    /// The time at which the facts were collected.
    var now: Timestamp
    var result: TaskResult?
    /// Where the broker has the message, if the broker can locate messages.
    var location: MessageLocation?
    var standing: MessageStanding?
    /// Whether the broker can locate messages in its queues.
    var brokerTells = true
    /// The report of the worker that has the task.
    var hold: Hold?
    /// Whether the worker that has the task did not answer.
    var isSilent = false
    /// Since when the message waits for the limits of its task, if a worker has put it back for them.
    var waitsSince: Timestamp?
    /// How many messages of each queue were searched in vain, if some queue has more.
    var searchLimit: Int?
    var limit: LimitWait?
    /// The workers that are alive; `nil` if unknown.
    var workers: [WorkerReport]?
    /// The pauses in force, by queue.
    var pauses: [String: QueuePause] = [:]
    /// The revocations in force.
    var revocations: [Revocation] = []
    /// The message counts of the queues that can be counted.
    var counts: [QueueCount] = []
    var letter: DeadLetter?
    /// Stored events of the task, oldest first.
    var events: [Event] = []
    /// The known states of parent and children.
    var states: [TaskID: TaskState] = [:]
    /// What is shown of the arguments.
    var redaction = Redaction()

    /// The position of a task within a worker.
    struct Hold: Sendable, Equatable {
        var worker: String
        /// `active`, `reserved` or `scheduled`, Celery's terms.
        var place: String
        var task: String?
        var queue: String?
        var began: Timestamp?
        /// The limit that a reserved task waits for, if any.
        var limit: LimitWait?
    }

    init(_ id: TaskID, now: Timestamp) { (self.id, self.now) = (id, now) }
}

extension TaskFacts {
    var task: String? {
        location?.task ?? result?.task ?? hold?.task ?? letter?.task ?? detail("name")?.stringValue
    }

    /// The queue where the task waits or that it came from, if known.
    var queue: String? {
        location?.queue ?? result?.queue ?? letter?.queue ?? hold?.queue ?? detail("queue")?.stringValue
    }

    var pause: QueuePause? { queue.flatMap { pauses[$0] } }

    var count: QueueCount? { queue.flatMap { name in counts.first { $0.name == name } } }

    var eta: Timestamp? {
        standing?.message?.eta ?? location?.eta ?? detail("eta")?.stringValue.flatMap { ISO8601.timestamp($0) }
    }

    /// The time of submission: from the broker, or else from the event, or else from an id that contains the time.
    var submitted: Timestamp? {
        location?.submitted ?? events.first { $0.type == "task-sent" }?.time ?? id.created
    }

    var attempts: [TaskAttempt] { TaskAttempt.history(self) }

    /// The start of the first attempt.
    var began: Timestamp? { attempts.first?.began }

    var parent: TaskID? {
        standing?.message?.parentID ?? result?.parentID ?? detail("parent_id")?.stringValue.map { TaskID($0) }
    }

    var group: String? { standing?.message?.groupID ?? result?.groupID }

    /// The tasks that this task sent.
    var children: [TaskID] { Self.children(of: result) }

    /// The tasks that a task sent, as its result tells.
    static func children(of result: TaskResult?) -> [TaskID] { (result?.children ?? []).flatMap(ids).distinct }

    /// The newest revocation in force for this task.
    var revocation: Revocation? {
        revocations.last { revocation in
            revocation.until > now && (revocation.target == .id(id) || standing?.message.map(revocation.covers) ?? false)
        }
    }

    /// Whether any source knows the task.
    var isKnown: Bool { revocation != nil || result != nil || location != nil || hold != nil || letter != nil || !events.isEmpty }

    /// A detail from the newest event that has it.
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
