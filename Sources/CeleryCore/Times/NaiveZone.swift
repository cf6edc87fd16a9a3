import Glibc

/// What a time without an offset means.
package enum NaiveZone: Sendable, Hashable {
    case utc
    /// A fixed number of seconds east of UTC.
    case offset(seconds: Int)
    /// The time zone of this machine, with its summer time.
    case local

    /// The seconds since the epoch of a wall-clock time, given as seconds since the
    /// epoch of a clock that shows UTC.
    func secondsSinceEpoch(wallClock seconds: Int) -> Int {
        switch self {
        case .utc: return seconds
        case .offset(let offset): return seconds - offset
        case .local:
            var wall = time_t(seconds)
            var parts = tm()
            gmtime_r(&wall, &parts)
            // -1 leaves it to the rules of the zone whether summer time is in force.
            parts.tm_isdst = -1
            return Int(mktime(&parts))
        }
    }
}
