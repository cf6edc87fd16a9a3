import CeleryCore
import Glibc
import Wire

/// Times for people: ISO 8601 in the local time zone with its offset, as `2026-11-22T18:21:47+01:00`.
enum LocalTime {
    /// The time in whole seconds. The corresponding C function is `localtime_r`.
    static func text(_ time: Timestamp) -> String {
        var seconds = time_t(max(-62_135_596_800, min(253_402_300_799, time.seconds)).rounded(.down))
        var fields = tm()
        guard localtime_r(&seconds, &fields) != nil else { return ISO8601.text(time) }
        let minutes = abs(fields.tm_gmtoff) / 60
        let date = [fields.tm_year + 1_900, fields.tm_mon + 1, fields.tm_mday]
        let clock = [fields.tm_hour, fields.tm_min, fields.tm_sec]
        let offset = (fields.tm_gmtoff < 0 ? "-" : "+") + pad(minutes / 60) + ":" + pad(minutes % 60)
        return date.map { pad(Int($0)) }.joined(separator: "-") + "T" + clock.map { pad(Int($0)) }.joined(separator: ":") + offset
    }

    /// The text, or a dash for `nil`.
    static func text(_ time: Timestamp?) -> String { time.map { text($0) } ?? "-" }

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
