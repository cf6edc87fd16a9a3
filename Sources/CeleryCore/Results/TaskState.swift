/// The state of a task.
public enum TaskState: Sendable, Hashable {
    /// Accepted, waiting for a worker.
    case pending
    /// A worker has it.
    case received
    /// Running.
    case started
    /// Waiting to be retried.
    case retry
    case success
    case failure
    /// Cancelled, or expired before it ran.
    case revoked
    /// No broker and no store knows the id.
    case unknown
    /// A task-defined state, such as `PROGRESS`.
    case custom(String)

    /// The name in messages and outputs.
    public var name: String {
        switch self {
        case .pending: "PENDING"
        case .received: "RECEIVED"
        case .started: "STARTED"
        case .retry: "RETRY"
        case .success: "SUCCESS"
        case .failure: "FAILURE"
        case .revoked: "REVOKED"
        case .unknown: "UNKNOWN"
        case .custom(let name): name
        }
    }

    public init(name: String) {
        switch name {
        case "PENDING": self = .pending
        case "RECEIVED": self = .received
        case "STARTED": self = .started
        case "RETRY": self = .retry
        case "SUCCESS": self = .success
        case "FAILURE": self = .failure
        case "REVOKED": self = .revoked
        case "UNKNOWN": self = .unknown
        default: self = .custom(name)
        }
    }

    /// Whether the state is final.
    public var isReady: Bool { self == .success || self == .failure || self == .revoked }

    /// Whether only a running task has the state.
    package var isUnderway: Bool { if case .custom = self { true } else { self == .started } }
}
