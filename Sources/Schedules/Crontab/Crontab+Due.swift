public import CeleryCore

/// When runs are due on a clock that is set forwards and back.
///
/// - A line that names times of day is due at the first moment when the wall clock has reached a matching minute:
///   shows it, or has jumped past it. So what falls into a gap is due once, when the gap ends, and what
///   the clock shows again is not due again.
/// - A wildcard line is due whenever the wall clock shows the beginning of a matching minute: never in
///   a gap, and twice when the clock goes through an hour twice.
///
/// These are the rules of Debian's cron(8), without its limit of three hours: a zone that leaves out a whole day
/// is a gap of that length.
extension Crontab {
    /// No two offsets of a zone differ by more than 51 hours, so no clock shows a minute again, or has jumped past
    /// it, from farther away than this. In seconds.
    private static let reach = 3 * 86_400

    /// The first run due later than `time`.
    ///
    /// - Returns: nil if there is none: a date that no calendar has (30 February), or none up to the year 9999.
    public func next(after time: Timestamp) -> Timestamp? {
        guard let second = time.secondAfter, let due = isWildcard ? firstShown(from: second) : firstReached(from: second)
        else { return nil }
        let found = Timestamp(seconds: Double(due))
        return found.seconds <= Timestamp.calendarEnd ? found : nil
    }

    /// The last run due at `time` or before; nil if there was none since the year 1.
    public func last(through time: Timestamp) -> Timestamp? {
        guard let end = time.clampedToCalendar else { return nil }
        // Back in growing steps, so that what runs often is found near by and what runs seldom before long.
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

    /// The first moment from `second` on at which the wall clock shows a matching minute's beginning.
    private func firstShown(from second: Int) -> Int? {
        var second = second
        while true {
            let span = zone.span(containing: second)
            guard let wallClock = moment(from: second + span.offset) else { return nil }
            if wallClock - span.offset < span.end { return wallClock - span.offset }
            // What the clock shows again is near; farther on nothing matches before `wallClock`.
            second = span.end < second + Self.reach ? span.end : max(span.end, wallClock - Self.reach)
        }
    }

    /// The first moment from `second` on at which the wall clock has reached a matching minute for the first time.
    private func firstReached(from second: Int) -> Int? {
        // The first reading that no clock of the zone had reached before `second`.
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
