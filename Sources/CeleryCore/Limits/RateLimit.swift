/// How often the tasks of one name may start: `10/s`, `100/m`, `5/h`, in Celery's notation.
///
/// Starts are evenly spread: the token bucket holds one token.
public struct RateLimit: Sendable, Hashable {
    /// Number of starts per unit.
    public let count: Double
    public let unit: Unit

    /// The unit of time.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case second = "s", minute = "m", hour = "h"

        var seconds: Double {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3_600
            }
        }
    }

    /// - Returns: `nil` for a count that is not positive, or too small or large for a clock.
    public init?(_ count: Double, per unit: Unit) {
        let perSecond = count / unit.seconds
        guard perSecond >= Self.possible.lowerBound, perSecond <= Self.possible.upperBound else { return nil }
        self.count = count
        self.unit = unit
    }

    /// Parses a number per second, or a number with `/s`, `/m` or `/h`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let count = Double(parts[0]),
            let unit = parts.count == 2 ? Unit(rawValue: String(parts[1])) : .second
        else { return nil }
        self.init(count, per: unit)
    }

    /// From once in about three years to a million times a second.
    private static let possible = 1e-8...1e6

    /// Seconds between starts.
    public var interval: Double { unit.seconds / count }

    /// The rate in Celery's notation.
    public var text: String { JSON.number(count).displayText + "/" + unit.rawValue }
}
