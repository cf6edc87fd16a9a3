import Glibc

/// A point in time, as seconds since 1970-01-01 UTC.
///
/// A plain number keeps Foundation's calendars out of code that runs for every message. The text form is ISO 8601;
/// see `ISO8601`.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Seconds since the epoch, with a fraction.
    public var seconds: Double

    public init(seconds: Double) { self.seconds = seconds }

    /// The wall clock, from `clock_gettime(CLOCK_REALTIME)`.
    public static var now: Timestamp {
        var value = timespec()
        clock_gettime(CLOCK_REALTIME, &value)
        return Timestamp(seconds: Double(value.tv_sec) + Double(value.tv_nsec) / 1e9)
    }

    public static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

    public static func + (left: Self, right: Duration) -> Timestamp {
        Timestamp(seconds: left.seconds + right.inSeconds)
    }

    public static func - (left: Self, right: Self) -> Duration {
        .seconds(left.seconds - right.seconds)
    }
}

extension Double {
    /// The number of seconds clamped to what clocks can handle: at most about thirty years either way, and 0 for NaN. A message
    /// may carry any number.
    package var possibleSeconds: Double { isNaN ? 0 : min(max(self, -1e9), 1e9) }
}

extension Duration {
    /// The length in seconds, with a fraction.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
