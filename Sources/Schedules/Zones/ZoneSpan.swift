/// A stretch of time in which the clocks of a zone are the same distance from UTC.
struct ZoneSpan: Sendable, Hashable {
    /// Its first second, counted from the epoch; `ZoneSpan.always.start` if it had no beginning.
    var start: Int
    /// The first second after it; `ZoneSpan.always.end` if it has no end.
    var end: Int
    /// Seconds east of UTC: local time is UTC plus this.
    var offset: Int

    /// All of time, on clocks that show UTC. The ends leave room for sums.
    static let always = ZoneSpan(start: -1 << 60, end: 1 << 60, offset: 0)

    /// The offsets that files of the database may hold (RFC 9636, 3.2: more than -25 and less than 26 hours).
    static let offsets = -89_999...93_599
}
