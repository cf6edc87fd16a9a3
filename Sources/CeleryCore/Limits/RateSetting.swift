/// What is said of the rate of a task: one, or that there is none.
public enum RateSetting: Sendable, Hashable {
    case unlimited
    case at(RateLimit)

    /// A rate; or `unlimited`, or 0 as Celery writes it.
    ///
    /// - Returns: `nil` for anything else.
    public init?(_ text: String) {
        if ["unlimited", "0"].contains(text) {
            self = .unlimited
        } else if let rate = RateLimit(text) {
            self = .at(rate)
        } else {
            return nil
        }
    }

    /// `nil` without one.
    public var limit: RateLimit? {
        switch self {
        case .unlimited: nil
        case .at(let rate): rate
        }
    }

    /// As an option line has it.
    public var text: String { limit?.text ?? "unlimited" }
}
