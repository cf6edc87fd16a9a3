import Glibc

/// How long many things took, by classes of length, from which percentiles come.
///
/// Each class is wider than the one before by 4 %, so that a percentile is off by 2 % at most, be it
/// of microseconds or of days. The classes are the same everywhere: histograms of different workers and times can be added.
public struct DurationHistogram: Sendable, Hashable {
    /// How many fell into each class.
    private(set) var counts: [Int: Int] = [:]

    /// The end of a class, seen from its beginning.
    private static let growth = 1.04
    /// The end of class 0, in seconds.
    private static let shortest = 1e-6
    /// The last class ends after some thirty years.
    private static let lastClass = Int(log(1e9 / shortest) / log(growth))

    public init() {}

    public var isEmpty: Bool { counts.isEmpty }
    /// How many lengths it knows of.
    public var count: Int { counts.values.reduce(0, +) }

    /// Notes one length, in seconds.
    public mutating func note(_ seconds: Double) { counts[Self.class(of: seconds), default: 0] += 1 }

    /// Notes all that another has noted.
    public mutating func add(_ other: Self) { counts.merge(other.counts, uniquingKeysWith: +) }

    /// The length, in seconds, that this part of all did not exceed; `nil` when there are none.
    ///
    /// - Parameter part: from 0 to 1, e.g. 0.95.
    public func percentile(_ part: Double) -> Double? {
        let total = count
        guard total > 0 else { return nil }
        // The smallest rank of which so many are at or below: the "nearest rank" of textbooks.
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

    /// As far from the one end of a class as from the other, as a ratio.
    private static func middle(of number: Int) -> Double { shortest * pow(growth, Double(number) - 0.5) }
}

extension DurationHistogram {
    /// Class, count, class, count, and so on.
    var json: JSON {
        .array(counts.sorted { $0.key < $1.key }.flatMap { [JSON.int(Int64($0.key)), JSON.int(Int64($0.value))] })
    }

    /// - Returns: `nil` for what is no histogram.
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
