/// How many deliveries a worker may take beyond what its children can run, since jobs of HTTP tasks need no child.
///
/// What a delivery is becomes known only when it is taken. So the number grows while all that comes are calls, and ends with the first
/// job for a child: more of those would wait here while other workers are idle.
struct CallAllowance {
    /// How many calls may be under way at once.
    let limit: Int
    private var trust = 0

    init(limit: Int) { self.limit = limit }

    /// How many jobs count as held: calls do not, up to the limit.
    func held(jobs: Int, calls: Int) -> Int { jobs - min(calls, limit) }

    /// How many deliveries to take beyond the free slots of the children.
    func more(calls: Int) -> Int { min(trust, max(0, limit - calls)) }

    /// Notes the jobs that came of the last deliveries.
    mutating func note(calls: Int, others: Int) {
        if others > 0 {
            trust = 0
        } else if calls > 0 {
            trust = min(limit, max(calls, trust) * 2)
        }
    }
}
