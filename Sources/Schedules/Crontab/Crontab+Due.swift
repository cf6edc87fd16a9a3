public import CeleryCore

/// Due times across changes of the wall clock.
///
/// - A line with times of day is due when the wall clock first reaches a matching minute, by showing it or by jumping past
///   it. So a run within a gap is due once, at the end of the gap, and a run in a repeated hour is due only the first time.
/// - A wildcard line is due whenever the wall clock shows the beginning of a matching minute: never within a gap, and
///   twice in a repeated hour.
///
/// These are the rules of Debian's cron(8), without its limit of three hours: if a zone skips a whole day, the gap is
/// that long.
extension Crontab {
    /// Seconds within which a wall-clock minute can repeat or be jumped past: offsets of a zone differ by at most 51 hours.
    private static let reach = 3 * 86_400

    /// The first run due later than `time`.
    ///
    /// - Returns: nil if there is none up to the year 9999, such as for 30 February.
    public func next(after time: Timestamp) -> Timestamp? {
        guard let second = time.secondAfter, let due = isWildcard ? firstShown(from: second) : firstReached(from: second)
        else { return nil }
        let found = Timestamp(seconds: Double(due))
        return found.seconds <= Timestamp.calendarEnd ? found : nil
    }

    /// The last run due at `time` or before; nil if there is none since the year 1.
    public func last(through time: Timestamp) -> Timestamp? {
        guard let end = time.clampedToCalendar else { return nil }
        // Searches back in growing steps, so that frequent runs are found quickly and rare runs are found at all.
        for hours in [1, 24, 24 * 32, 24 * 366, 24 * 366 * 9, 24 * 366 * 45, 24 * 366 * 400] {
            let start = Timestamp(seconds: max(end.seconds - Double(hours) * 3_600, Timestamp.calendarStart - 1))
            var found: Timestamp?
            var at = start
            while let due = next(after: at), due <= end { (found, at) = (due, due) }
            if let found { return found }
            if start.seconds < Timestamp.calendarStart { break }
        }
        return nil
    }

    /// The first moment at `second` or later when the wall clock shows the beginning of a matching minute.
    private func firstShown(from second: Int) -> Int? {
        var second = second
        while true {
            let span = zone.span(containing: second)
            guard let wallClock = moment(from: second + span.offset) else { return nil }
            if wallClock - span.offset < span.end { return wallClock - span.offset }
            // Repeated minutes are within `reach`. Farther away, nothing matches before `wallClock`.
            second = span.end < second + Self.reach ? span.end : max(span.end, wallClock - Self.reach)
        }
    }

    /// The first moment at `second` or later when the wall clock reaches a matching minute for the first time.
    private func firstReached(from second: Int) -> Int? {
        // The first wall-clock time that was not reached before `second`.
        var span = zone.span(containing: second - 1)
        var fresh = second + span.offset
        while span.start > second - Self.reach {
            span = zone.span(containing: span.start - 1)
            fresh = max(fresh, span.end + span.offset)
        }
        guard let wallClock = moment(from: fresh) else { return nil }
        span = zone.span(containing: wallClock - Self.reach)
        while true {
            let reached = max(span.start, wallClock - span.offset)
            if reached < span.end { return reached }
            span = zone.span(containing: span.end)
        }
    }
}
