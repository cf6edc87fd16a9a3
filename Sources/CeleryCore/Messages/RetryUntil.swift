/// When the tries of a task end: no try begins later.
public enum RetryUntil: Sendable, Hashable {
    /// So long after it was submitted, or after its ETA if that is later.
    case within(Duration)
    /// At this time.
    case at(Timestamp)

    /// So many seconds after it was submitted, or after its ETA if that is later.
    public static func seconds(_ seconds: Int) -> RetryUntil { .within(.seconds(seconds)) }

    /// The time it means for a message sent at `sent`.
    package func time(sent: Timestamp, eta: Timestamp?) -> Timestamp {
        switch self {
        case .within(let duration): max(sent, eta ?? sent) + duration
        case .at(let time): time
        }
    }
}
