public import CeleryCore

/// A time zone: how far its clocks are from UTC at any moment, as the system's time-zone database has it.
///
/// Foundation's `TimeZone` is not used, because it brings the tables of its own build and never learns of
/// an update of the system's.
public struct Zone: Sendable, Hashable, CustomStringConvertible {
    /// The name in the database, such as `Europe/Berlin`.
    public let name: String
    /// The moments at which the offset changes, rising, in seconds since the epoch.
    let changes: [Int]
    /// The offset before the first change, then after each; one more than there are changes.
    let offsets: [Int]
    /// What holds from the last change on; nil for the last offset.
    let rule: ZoneRule?

    /// Coordinated universal time; needs no database.
    public static let utc = Zone(name: "UTC", changes: [], offsets: [0], rule: nil)

    public var description: String { name }

    /// Seconds east of UTC at a moment.
    public func offset(at time: Timestamp) -> Int {
        span(containing: time.clampedToCalendar.map { Int($0.seconds.rounded(.down)) } ?? 0).offset
    }

    /// The stretch of unchanged offset that a moment lies in.
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

    /// How many changes are at `second` or before.
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
