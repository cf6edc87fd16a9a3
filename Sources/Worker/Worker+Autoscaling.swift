import CeleryCore

extension Worker {
    /// Has the number of children follow the work, until it is cancelled. Does nothing without bounds for it.
    func autoscale(_ consumer: any BrokerConsumer) async {
        guard autoscaler != nil else { return }
        while !Task.isCancelled {
            if isReady && shutdown == nil { await adjust(consumer) }
            try? await Task.sleep(for: Autoscaler.interval)
        }
    }

    private func adjust(_ consumer: any BrokerConsumer) async {
        // What stands in line here is done in a moment, or goes back to the broker: only what that has counts.
        var waiting = 0
        var isCertain = true
        if let autoscaler, autoscaler.wantsToKnow(size: prefetch.children, busy: inFlight.count),
            let knowing = consumer as? any WaitingKnowing
        {
            // Trouble with the broker is told by those who take messages.
            let limits = knownLimits
            waiting = (try? await knowing.waiting(upTo: autoscaler.range.most - prefetch.children, within: limits.byName)) ?? 0
            let areLimitsKnown = limits.areAll && (limits.byName.isEmpty || consumer is any LimitKeeping)
            isCertain = knowing.seesWhatIsDue && areLimitsKnown
        }
        fit(waiting: waiting, isCertain: isCertain)
    }

    /// Makes the pool as large as it is to be.
    func fit(waiting: Int = 0, isCertain: Bool = true) {
        guard shutdown == nil, var scaler = autoscaler else { return }
        let size = prefetch.children
        let target = scaler.target(size: size, busy: inFlight.count, waiting: waiting, isCertain: isCertain, now: .now)
        autoscaler = scaler
        guard target != size else { return }
        log.scaled(from: size, to: target)
        grow(by: target - size)
    }
}
