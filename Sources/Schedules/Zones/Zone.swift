public import CeleryCore

/// A time zone: the offset of its clocks from UTC at any time, from the system's time-zone database.
///
/// Foundation's `TimeZone` is unsuitable, because it contains its own tables and ignores updates of the system's.
public struct Zone: Sendable, Hashable, CustomStringConvertible {
    /// The name in the database, such as `Europe/Berlin`.
    public let name: String
    /// The times at which the offset changes, in ascending order, in seconds since the epoch.
    let changes: [Int]
    /// The offset before the first change, then the offset after each change; one more element than `changes`.
    let offsets: [Int]
    /// The rule after the last change; nil if the last offset remains.
    let rule: ZoneRule?

    /// Coordinated Universal Time. Needs no database.
    public static let utc = Zone(name: "UTC", changes: [], offsets: [0], rule: nil)

    public var description: String { name }

    /// The offset in seconds east of UTC at a given time.
    public func offset(at time: Timestamp) -> Int {
        span(containing: time.clampedToCalendar.map { Int($0.seconds.rounded(.down)) } ?? 0).offset
    }

    /// The span of constant offset that contains a time.
    func span(containing second: Int) -> ZoneSpan {
        let index = changesUpTo(second)
        var span = ZoneSpan.always
        if index > 0 { span.start = changes[index - 1] }
        if index < changes.count { span.end = changes[index] }
        span.offset = offsets[index]
        guard index == changes.count, let rule else { return span }
        let ruled = rule.span(containing: second)
        return ZoneSpan(start: max(span.start, ruled.start), end: ruled.end, offset: ruled.offset)
    }

    /// The number of changes at `second` or before.
    private func changesUpTo(_ second: Int) -> Int {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
