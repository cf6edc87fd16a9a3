/// How many deliveries a worker may take beyond what its children can run, since jobs of HTTP tasks need no child.
///
/// What a delivery is becomes known only when it is taken. So the number grows while all that comes are calls, and ends with the first
/// job for a child: more of those would wait here while other workers are idle.
///
/// Of short calls a few more are taken than may be under way: the next one begins when one ends, and does not wait for the broker.
struct CallAllowance {
    /// How many calls may be under way at once.
    let limit: Int
    private var trust = 0
    /// Moving average of the durations of calls in seconds; `nil` before the first one has ended.
    private var average: Double?

    /// Seconds for which a call may wait here for others to end.
    private static let lead = 0.02
    /// The longest wait for the ends of other calls, in seconds.
    private static let longestLinger = 0.005

    init(limit: Int) { self.limit = limit }

    /// Calls that may wait for others to end: at most a quarter of the limit.
    private var ahead: Int { average.map { min(limit / 4, Int(Double(limit) * Self.lead / max($0, 1e-3))) } ?? 0 }

    /// How many jobs count as held: calls do not, up to the limit and those that wait.
    func held(jobs: Int, calls: Int) -> Int { jobs - min(calls, limit + ahead) }

    /// How many deliveries to take beyond the free slots of the children.
    func more(calls: Int) -> Int { min(trust, max(0, limit + ahead - calls)) }

    /// How long to wait for the ends of other calls after one has ended, so that one transaction records several.
    ///
    /// At most a third of the time for which those that wait here keep the calls going.
    ///
    /// - Returns: `nil` when hardly any wait: then the end is recorded at once, since others may depend on it.
    func linger(calls: Int) -> Duration? {
        guard let average, calls > limit else { return nil }
        let work = average * Double(calls - limit) / Double(limit)
        guard work >= Self.lead / 5 else { return nil }
        return .seconds(min(Self.longestLinger, work / 3))
    }

    /// Notes the duration of a call in seconds.
    mutating func note(duration: Double) {
        let old = average ?? duration
        average = old + (duration - old) / 8
    }

    /// Notes the jobs that came of the last deliveries.
    mutating func note(calls: Int, others: Int) {
        if others > 0 {
            trust = 0
        } else if calls > 0 {
            trust = min(limit + ahead, max(calls, trust) * 2)
        }
    }
}
