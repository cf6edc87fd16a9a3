import Glibc

/// The zone of a time without an offset.
package enum NaiveZone: Sendable, Hashable {
    case utc
    /// A fixed number of seconds east of UTC.
    case offset(seconds: Int)
    /// The time zone of this machine, with daylight saving time.
    case local

    /// The seconds since the epoch of a wall-clock time, given as seconds since the epoch of a UTC clock.
    func secondsSinceEpoch(wallClock seconds: Int) -> Int {
        switch self {
        case .utc: return seconds
        case .offset(let offset): return seconds - offset
        case .local:
            var wall = time_t(seconds)
            var parts = tm()
            gmtime_r(&wall, &parts)
            // -1 lets the rules of the zone decide about daylight saving time.
            parts.tm_isdst = -1
            return Int(mktime(&parts))
        }
    }
}
