import CeleryCore

/// Changes the number of children: when an operator says so, or by itself within bounds.
final class PoolScaler {
    private let parts: ShiftParts
    private let intake: Intake
    private let gate: LimitGate
    private let follower: PoolFollower
    /// Follows the work; `nil` leaves the number alone.
    private var autoscaler: Autoscaler?

    init(_ parts: ShiftParts, _ intake: Intake, _ gate: LimitGate, _ follower: PoolFollower) {
        self.parts = parts
        self.intake = intake
        self.gate = gate
        self.follower = follower
        let configuration = parts.configuration
        autoscaler = configuration.autoscale.map { Autoscaler(range: $0, keepalive: configuration.autoscaleKeepalive) }
    }

    /// How many children are wanted now.
    var size: Int { intake.prefetch.children }

    /// The bounds within which the number follows the work; `nil` when it does not.
    var range: AutoscaleRange? { autoscaler?.range }

    /// Adds children, or takes some away with a negative number.
    func grow(by count: Int) {
        intake.prefetch.children = max(1, size + count)
        parts.pool.grow(by: count)
        parts.room.ring()
    }

    /// Changes the bounds, as far as they are given, and the number with them.
    ///
    /// - Returns: the new bounds; `nil` when the number does not follow the work.
    /// - Throws: what is wrong with them; then nothing has changed.
    func setRange(most: Int?, least: Int?) throws(ControlError) -> AutoscaleRange? {
        guard autoscaler != nil else { return nil }
        try autoscaler?.update(most: most, least: least)
        fit()
        return range
    }

    /// Has the number of children follow the work, until it is cancelled. Returns at once without bounds for it.
    nonisolated(nonsending) func run() async {
        guard autoscaler != nil else { return }
        while !Task.isCancelled {
            if follower.isReady && !parts.ladder.hasBegun { await adjust() }
            try? await Task.sleep(for: Autoscaler.interval)
        }
    }

    private nonisolated(nonsending) func adjust() async {
        // What stands in line here is done in a moment, or goes back to the broker: only what that has counts.
        var waiting = 0
        var isCertain = true
        if let autoscaler, autoscaler.wantsToKnow(size: size, busy: parts.jobs.count), let knowing = parts.powers.waiting {
            // Trouble with the broker is told by the intake.
            let limits = gate.knownLimits
            waiting = (try? await knowing.waiting(upTo: autoscaler.range.most - size, within: limits.byName)) ?? 0
            let areLimitsKnown = limits.areAll && (limits.byName.isEmpty || parts.powers.limits != nil)
            isCertain = knowing.seesWhatIsDue && areLimitsKnown
        }
        fit(waiting: waiting, isCertain: isCertain)
    }

    /// Makes the pool as large as it is to be.
    private func fit(waiting: Int = 0, isCertain: Bool = true) {
        guard !parts.ladder.hasBegun, var scaler = autoscaler else { return }
        let size = self.size
        let target = scaler.target(size: size, busy: parts.jobs.count, waiting: waiting, isCertain: isCertain, now: .now)
        autoscaler = scaler
        guard target != size else { return }
        parts.log.scaled(from: size, to: target)
        grow(by: target - size)
    }
}
