import Beat

extension DurationWords {
    /// A duration, with tenths of a second below ten seconds: `0.4 s`, `12 s`, `5 min 3 s`.
    static func fine(_ seconds: Double) -> String {
        guard seconds > 0, seconds < 9.95 else { return text(seconds) }
        let tenths = Int((seconds * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
