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
    /// Of calls, with the seconds for which one may wait here for others to end. Of calls that take a minute hardly any waits.
    private var pace = Pace(lead: 0.02, longestLinger: 0.005, longestDuration: 60)

    init(limit: Int) { self.limit = limit }

    /// Calls that may wait for others to end: at most a quarter of the limit.
    private var ahead: Int { pace.average.map { min(limit / 4, Int(Double(limit) * pace.lead / max($0, 1e-3))) } ?? 0 }

    /// How many jobs count as held: calls do not, up to the limit and those that wait.
    func held(jobs: Int, calls: Int) -> Int { jobs - min(calls, limit + ahead) }

    /// How many deliveries to take beyond the free slots of the children.
    func more(calls: Int) -> Int { min(trust, max(0, limit + ahead - calls)) }

    /// How long to wait for the ends of other calls after one has ended; see `Pace`.
    func linger(calls: Int) -> Duration? { pace.linger(waiting: calls - limit, for: limit) }

    /// Notes the duration of a call in seconds.
    mutating func note(duration: Double) { pace.note(duration: duration) }

    /// Notes the jobs that came of the last deliveries.
    mutating func note(calls: Int, others: Int) {
        if others > 0 {
            trust = 0
        } else if calls > 0 {
            trust = min(limit + ahead, max(calls, trust) * 2)
        }
    }
}
