/// How long jobs take, and how long to gather their ends while others wait.
struct Pace {
    /// Seconds of work to have waiting.
    let lead: Double
    /// The longest wait for the ends of other jobs, in seconds.
    let longestLinger: Double
    /// Longer jobs count as this many seconds, so that a single one is forgotten soon.
    let longestDuration: Double
    /// Moving average of durations in seconds; `nil` before the first job has ended.
    private(set) var average: Double?

    init(lead: Double, longestLinger: Double, longestDuration: Double) {
        self.lead = lead
        self.longestLinger = longestLinger
        self.longestDuration = longestDuration
    }

    /// Notes the duration of a job in seconds.
    mutating func note(duration: Double) {
        let duration = min(duration, longestDuration)
        let old = average ?? duration
        average = old + (duration - old) / 8
    }

    /// Replaces the average.
    mutating func assume(duration: Double) { average = duration }

    /// How long to wait for the ends of other jobs after one has ended, so that one transaction records several.
    ///
    /// At most a third of the time for which `waiting` jobs keep `places` busy, so that none of these becomes idle meanwhile.
    ///
    /// - Returns: `nil` when few jobs wait: then the end is recorded at once, since others may depend on it.
    func linger(waiting: Int, for places: Int) -> Duration? {
        guard let average else { return nil }
        let work = average * Double(waiting) / Double(max(1, places))
        guard work >= lead / 5 else { return nil }
        return .seconds(min(longestLinger, work / 3))
    }
}
