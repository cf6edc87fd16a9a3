/// A span of time with a constant offset from UTC.
struct ZoneSpan: Sendable, Hashable {
    /// The first second, counted from the epoch; `ZoneSpan.always.start` without a beginning.
    var start: Int
    /// The first second after the span; `ZoneSpan.always.end` without an end.
    var end: Int
    /// The offset in seconds east of UTC: local time is UTC plus the offset.
    var offset: Int

    /// All of time at UTC. Sums with the bounds do not overflow.
    static let always = ZoneSpan(start: -1 << 60, end: 1 << 60, offset: 0)

    /// The valid offsets (RFC 9636, 3.2: more than -25 and less than 26 hours).
    static let offsets = -89_999...93_599
}
