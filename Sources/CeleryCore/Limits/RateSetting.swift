/// A rate setting: a rate, or explicitly none.
public enum RateSetting: Sendable, Hashable {
    case unlimited
    case at(RateLimit)

    /// Parses a rate, `unlimited`, or 0 as in Celery.
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

    /// The rate; `nil` when unlimited.
    public var limit: RateLimit? {
        switch self {
        case .unlimited: nil
        case .at(let rate): rate
        }
    }

    /// The form used in option lines.
    public var text: String { limit?.text ?? "unlimited" }
}
