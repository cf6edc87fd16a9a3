/// Human-readable durations: `45 s`, `3 min`, `2 h 5 min`, `4 d`.
package enum DurationWords {
    package static func text(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e15).rounded())
        if whole < 120 { return "\(whole) s" }
        let parts = whole < 7_200 ? [(whole / 60, "min"), (whole % 60, "s")]
            : whole < 172_800 ? [(whole / 3_600, "h"), (whole % 3_600 / 60, "min")]
            : [(whole / 86_400, "d"), (whole % 86_400 / 3_600, "h")]
        return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
