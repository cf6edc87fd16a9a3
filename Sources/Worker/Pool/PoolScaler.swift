import CeleryCore

/// Changes the number of children: on an operator's command, or automatically within bounds.
final class PoolScaler {
    private let parts: ShiftParts
    private let intake: Intake
    private let gate: LimitGate
    private let follower: PoolFollower
    /// Decides the number of children automatically; `nil` without autoscaling.
    private var autoscaler: Autoscaler?

    init(_ parts: ShiftParts, _ intake: Intake, _ gate: LimitGate, _ follower: PoolFollower) {
        self.parts = parts
        self.intake = intake
        self.gate = gate
        self.follower = follower
        let configuration = parts.configuration
        autoscaler = configuration.autoscale.map { Autoscaler(range: $0, keepalive: configuration.autoscaleKeepalive) }
    }

    /// The wanted number of children.
    var size: Int { intake.prefetch.children }

    /// The number of jobs for the children.
    private var busy: Int { parts.jobs.count - parts.jobs.calls }

    /// The bounds of autoscaling; `nil` without autoscaling.
    var range: AutoscaleRange? { autoscaler?.range }

    /// Adds children; a negative count removes children. At least one child remains.
    func grow(by count: Int) {
        intake.prefetch.children = max(1, size + count)
        parts.pool.grow(by: count)
        parts.room.ring()
    }

    /// Changes the given bounds of autoscaling, and resizes the pool to fit them.
    ///
    /// - Returns: The new bounds; `nil` without autoscaling.
    /// - Throws: `ControlError` for invalid bounds; then nothing has changed.
    func setRange(most: Int?, least: Int?) throws(ControlError) -> AutoscaleRange? {
        guard autoscaler != nil else { return nil }
        try autoscaler?.update(most: most, least: least)
        fit()
        return range
    }

    /// Adjusts the number of children until the task is cancelled. Returns at once without autoscaling.
    nonisolated(nonsending) func run() async {
        guard autoscaler != nil else { return }
        while !Task.isCancelled {
            if follower.isReady && !parts.ladder.hasBegun { await adjust() }
            try? await Task.sleep(for: Autoscaler.interval)
        }
    }

    private nonisolated(nonsending) func adjust() async {
        // Jobs that wait in this worker are done soon or return to the broker, so only messages at the broker count.
        var waiting = 0
        var isCertain = true
        if let autoscaler, autoscaler.wantsToKnow(size: size, busy: busy), let knowing = parts.powers.waiting {
            // The intake reports errors of the broker.
            let limits = gate.knownLimits
            waiting = (try? await knowing.waiting(upTo: autoscaler.range.most - size, within: limits.byName)) ?? 0
            let areLimitsKnown = limits.areAll && (limits.byName.isEmpty || parts.powers.limits != nil)
            isCertain = knowing.seesWhatIsDue && areLimitsKnown
        }
        fit(waiting: waiting, isCertain: isCertain)
    }

    /// Resizes the pool to the autoscaler's target.
    private func fit(waiting: Int = 0, isCertain: Bool = true) {
        guard !parts.ladder.hasBegun, var scaler = autoscaler else { return }
        let size = self.size
        let target = scaler.target(size: size, busy: busy, waiting: waiting, isCertain: isCertain, now: .now)
        autoscaler = scaler
        guard target != size else { return }
        parts.log.scaled(from: size, to: target)
        grow(by: target - size)
    }
}
