/// How a worker makes HTTP calls.
package struct CallConfiguration: Sendable {
    /// Calls under way at once; further ones wait.
    package var limit = 100
    /// The header User-Agent.
    package var agent = "celery"
    /// Bytes of answers that all calls may hold at once.
    package var byteLimit = 256 << 20

    package init() {}

    /// The configuration of each thread. A few calls need no second one; how many calls a second one thread can make is in
    /// `Tests/Benchmarks/README.md`.
    var shares: [CallConfiguration] {
        guard limit >= 100 else { return [self] }
        var (first, second) = (self, self)
        (first.limit, second.limit) = (limit - limit / 2, limit / 2)
        (first.byteLimit, second.byteLimit) = (byteLimit - byteLimit / 2, byteLimit / 2)
        return [first, second]
    }
}
