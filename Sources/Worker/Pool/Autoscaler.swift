import CeleryCore

/// Decides how many children a worker needs, within bounds.
///
/// When all children are busy and messages wait, children are added at once: one for each waiting message. If it is
/// uncertain how many of the messages may start, the number at most doubles; idle children then stop the growth.
/// When children have been idle for `keepalive`, the number drops to the maximum that was busy at one time during that period.
/// A pure value: no clock, no I/O.
struct Autoscaler {
    private(set) var range: AutoscaleRange
    let keepalive: Duration
    /// Since when some children have been idle, and the maximum number of busy children since then.
    private var quiet: (since: ContinuousClock.Instant, most: Int)?

    /// How often to adjust the number, as in Python's workers.
    static let interval: Duration = .seconds(1)

    init(range: AutoscaleRange, keepalive: Duration) {
        self.range = range
        self.keepalive = keepalive
    }

    /// Whether the number of waiting messages matters: all children are busy, and more are allowed.
    func wantsToKnow(size: Int, busy: Int) -> Bool { busy >= size && size < range.most }

    /// The wanted number of children.
    ///
    /// - Parameters:
    ///   - size: The current number of children.
    ///   - busy: The number of jobs that the worker holds.
    ///   - waiting: The number of messages that wait at the broker, counted up to the number of children that can be added.
    ///   - isCertain: Whether all waiting messages may start now; otherwise some may have to wait for limits or their ETA.
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

    /// Changes the given bounds.
    ///
    /// - Throws: `ControlError` for invalid bounds; then nothing has changed.
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
