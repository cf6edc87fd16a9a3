/// When retries end: no retry starts later.
public enum RetryUntil: Sendable, Hashable {
    /// This long after submission, or after the ETA if that is later.
    case within(Duration)
    /// At this time.
    case at(Timestamp)

    /// This many seconds after submission, or after the ETA if that is later.
    public static func seconds(_ seconds: Int) -> RetryUntil { .within(.seconds(seconds)) }

    /// The end for a message sent at `sent`.
    package func time(sent: Timestamp, eta: Timestamp?) -> Timestamp {
        switch self {
        case .within(let duration): max(sent, eta ?? sent) + duration
        case .at(let time): time
        }
    }
}
