/// Where a task is between submission and end: the states of `celery list`.
///
/// Celery's states, with PENDING told apart: a message that a worker may take now, and one that waits for its ETA.
public enum TaskPhase: String, Sendable, Hashable, CaseIterable {
    case queued, scheduled, started, retry, success, failure, revoked

    /// As shown: `QUEUED`.
    public var name: String { rawValue.uppercased() }

    /// The phase of a task with a stored result; states of a task's own, such as PROGRESS, belong to a running task.
    public init(_ state: TaskState) {
        self = switch state {
        case .pending, .received, .unknown: .queued
        case .started, .custom: .started
        case .retry: .retry
        case .success: .success
        case .failure: .failure
        case .revoked: .revoked
        }
    }

    /// Whether the task waits or runs, so that the broker has its message.
    public var isOpen: Bool {
        switch self {
        case .queued, .scheduled, .started, .retry: true
        case .success, .failure, .revoked: false
        }
    }

    /// The phases that a word of a user means, in any case: a phase, a state of Celery, or `running`, `failed`, `finished` and the
    /// like; `nil` for another word.
    public static func named(_ word: String) -> Set<TaskPhase>? {
        let word = word.lowercased()
        if let phase = TaskPhase(rawValue: word) { return [phase] }
        return switch word {
        case "pending", "waiting": [.queued, .scheduled]
        case "received": [.queued]
        case "running", "progress": [.started]
        case "retrying": [.retry]
        case "succeeded": [.success]
        case "failed": [.failure]
        case "finished": [.success, .failure, .revoked]
        default: nil
        }
    }
}
