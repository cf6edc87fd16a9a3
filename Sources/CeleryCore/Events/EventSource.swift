import Glibc

/// Who tells events: fills in what all of its events have in common.
package struct EventSource: Sendable {
    /// As its events name it.
    package let hostname: String
    package let pid: Int
    /// Counts what it tells.
    package let clock: LamportClock

    package init(hostname: String, pid: Int, clock: LamportClock = LamportClock()) {
        self.hostname = hostname
        self.pid = pid
        self.clock = clock
    }

    /// An event of this source, at the next tick of its clock.
    package func event(_ type: String, _ details: JSONObject, at time: Timestamp) -> Event {
        Event(
            type, from: hostname, utcOffset: Self.hoursWest(at: time), pid: pid, clock: clock.tick(), at: time, details: details)
    }

    /// The offset of the local zone, as Python tells it. The corresponding C function is `localtime_r`.
    private static func hoursWest(at time: Timestamp) -> Double {
        var seconds = time_t(time.seconds)
        var fields = tm()
        guard localtime_r(&seconds, &fields) != nil, fields.tm_gmtoff != 0 else { return 0 }
        return -Double(fields.tm_gmtoff) / 3_600
    }
}
