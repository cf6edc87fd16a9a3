import CeleryCore

/// Decides how many children a worker has: as many as there is work for, within bounds.
///
/// Children are added at once when all have something to do and more waits: as many as there is work for, or as many
/// again where nobody can tell how much of it may begin, for those that get nothing end the growth. They go when some had nothing to do for
/// as long as `keepalive`: then as many stay as were busy at the same time meanwhile. A value that makes no calls
/// and asks no clock.
struct Autoscaler {
    private(set) var range: AutoscaleRange
    let keepalive: Duration
    /// Since when some have had nothing to do, and how many were busy at most since then.
    private var quiet: (since: ContinuousClock.Instant, most: Int)?

    /// How often to look, as Python's workers do.
    static let interval: Duration = .seconds(1)

    init(range: AutoscaleRange, keepalive: Duration) {
        self.range = range
        self.keepalive = keepalive
    }

    /// Whether it is worth asking what waits: all are busy, and there may be more of them.
    func wantsToKnow(size: Int, busy: Int) -> Bool { busy >= size && size < range.most }

    /// How many children there shall be.
    ///
    /// - Parameters:
    ///   - size: how many there are.
    ///   - busy: how many of them have something to do.
    ///   - waiting: how much is to be done that no child has begun; counted only as far as it matters.
    ///   - isCertain: whether all of that may begin now; else some of it may have to wait for its limits or its time.
    mutating func target(size: Int, busy: Int, waiting: Int, isCertain: Bool = true, now: ContinuousClock.Instant) -> Int {
        let busy = min(busy, size)
        if busy == size {
            quiet = nil
            return clamped(size + max(0, isCertain ? waiting : min(waiting, size)))
        }
        guard let quiet, now >= quiet.since else {
            quiet = (now, busy)
            return clamped(size)
        }
        let most = max(quiet.most, busy)
        guard now - quiet.since >= keepalive else {
            self.quiet = (quiet.since, most)
            return clamped(size)
        }
        self.quiet = (now, busy)
        return clamped(min(size, most))
    }

    /// Changes the bounds, as far as they are given.
    ///
    /// - Throws: what is wrong with them; then nothing has changed.
    mutating func update(most: Int?, least: Int?) throws(ControlError) {
        let new = AutoscaleRange(most: most ?? range.most, least: least ?? range.least)
        guard AutoscaleRange(new.text) == new else {
            throw .value("autoscale needs 1 <= min <= max <= \(AutoscaleRange.limit), not max=\(new.most) min=\(new.least)")
        }
        range = new
        quiet = nil
    }

    private func clamped(_ count: Int) -> Int { min(range.most, max(range.least, count)) }
}
