import Glibc

/// A sender of events: fills in the fields that all of its events share.
package struct EventSource: Sendable {
    /// The sender's name in its events.
    package let hostname: String
    package let pid: Int
    /// Counts the events sent.
    package let clock: LamportClock

    package init(hostname: String, pid: Int, clock: LamportClock = LamportClock()) {
        self.hostname = hostname
        self.pid = pid
        self.clock = clock
    }

    /// Creates an event of this source, at the next tick of its clock.
    package func event(_ type: String, _ details: JSONObject, at time: Timestamp) -> Event {
        Event(
            type, from: hostname, utcOffset: Self.hoursWest(at: time), pid: pid, clock: clock.tick(), at: time, details: details)
    }

    /// The offset of the local time zone, as Python reports it. The corresponding C function is `localtime_r`.
    private static func hoursWest(at time: Timestamp) -> Double {
        var seconds = time_t(time.seconds)
        var fields = tm()
        guard localtime_r(&seconds, &fields) != nil, fields.tm_gmtoff != 0 else { return 0 }
        return -Double(fields.tm_gmtoff) / 3_600
    }
}
