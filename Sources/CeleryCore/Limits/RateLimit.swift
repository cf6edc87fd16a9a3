/// How often the tasks of one name may begin: `10/s`, `100/m`, `5/h`, in Celery's notation.
///
/// They begin evenly spread: the bucket of tokens holds one.
public struct RateLimit: Sendable, Hashable {
    /// How many in a unit of time.
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

    /// - Returns: `nil` for a count that is not more than 0, or so small or large that no clock could follow.
    public init?(_ count: Double, per unit: Unit) {
        let perSecond = count / unit.seconds
        guard perSecond >= Self.possible.lowerBound, perSecond <= Self.possible.upperBound else { return nil }
        self.count = count
        self.unit = unit
    }

    /// A number, which is of a second, or one with `/s`, `/m` or `/h`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let count = Double(parts[0]),
            let unit = parts.count == 2 ? Unit(rawValue: String(parts[1])) : .second
        else { return nil }
        self.init(count, per: unit)
    }

    /// Once in some three years, to a million times a second.
    private static let possible = 1e-8...1e6

    /// Seconds from one beginning to the next.
    public var interval: Double { unit.seconds / count }

    /// In Celery's notation.
    public var text: String { JSON.number(count).displayText + "/" + unit.rawValue }
}
