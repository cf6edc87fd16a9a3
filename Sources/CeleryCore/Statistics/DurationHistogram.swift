import Glibc

/// A histogram of durations, for percentiles.
///
/// Each class is 4 % wider than the one before, so a percentile is off by at most 2 %, from microseconds to days. All
/// histograms have the same classes and can be added.
public struct DurationHistogram: Sendable, Hashable {
    /// Number of durations in each class.
    private(set) var counts: [Int: Int] = [:]

    /// Ratio of the end of a class to its beginning.
    private static let growth = 1.04
    /// The end of class 0, in seconds.
    private static let shortest = 1e-6
    /// The last class ends at about thirty years.
    private static let lastClass = Int(log(1e9 / shortest) / log(growth))

    public init() {}

    public var isEmpty: Bool { counts.isEmpty }
    /// Total number of durations.
    public var count: Int { counts.values.reduce(0, +) }

    /// Adds one duration, in seconds.
    public mutating func note(_ seconds: Double) { counts[Self.class(of: seconds), default: 0] += 1 }

    /// Adds another histogram.
    public mutating func add(_ other: Self) { counts.merge(other.counts, uniquingKeysWith: +) }

    /// The duration, in seconds, that this part of all did not exceed; `nil` when empty.
    ///
    /// - Parameter part: From 0 to 1, e.g. 0.95.
    public func percentile(_ part: Double) -> Double? {
        let total = count
        guard total > 0 else { return nil }
        // The "nearest rank": the smallest rank with at least this part at or below it.
        var rank = max(1, min(total, Int((part * Double(total)).rounded(.up))))
        for (number, count) in counts.sorted(by: { $0.key < $1.key }) {
            rank -= count
            if rank <= 0 { return Self.middle(of: number) }
        }
        return nil
    }

    private static func `class`(of seconds: Double) -> Int {
        guard seconds > shortest else { return 0 }
        return Int(min(Double(lastClass), (log(seconds / shortest) / log(growth)).rounded(.up)))
    }

    /// The geometric mean of the two ends of a class.
    private static func middle(of number: Int) -> Double { shortest * pow(growth, Double(number) - 0.5) }
}

extension DurationHistogram {
    /// Class, count, class, count, and so on.
    var json: JSON {
        .array(counts.sorted { $0.key < $1.key }.flatMap { [JSON.int(Int64($0.key)), JSON.int(Int64($0.value))] })
    }

    /// - Returns: `nil` if malformed.
    init?(json: JSON) {
        guard let numbers = json.arrayValue, numbers.count.isMultiple(of: 2) else { return nil }
        for index in stride(from: 0, to: numbers.count, by: 2) {
            guard let number = numbers[index].intValue, (0...Self.lastClass).contains(number),
                let count = numbers[index + 1].intValue, TaskTally.possibleCounts.contains(count)
            else { return nil }
            counts[number, default: 0] += count
        }
    }
}

extension DurationHistogram {
    /// How many durations did not exceed each of these numbers of seconds, to within 2 % of the number.
    ///
    /// - Parameter bounds: Ascending.
    package func counts(upTo bounds: [Double]) -> [Int] {
        let sorted = counts.sorted { $0.key < $1.key }
        var next = 0
        var sum = 0
        return bounds.map { bound in
            while next < sorted.count, Self.middle(of: sorted[next].key) <= bound {
                sum += sorted[next].value
                next += 1
            }
            return sum
        }
    }
}
