import CeleryCore

/// Finds out of messages that come again whether they run, or have run.
///
/// A broker that fences repeats off by leases, and keeps results with the messages, has no such gap.
final class RepeatLookup {
    private let powers: ConsumerPowers
    private let jobs: JobBook
    private let log: TaskLog

    init(_ powers: ConsumerPowers, _ jobs: JobBook, _ log: TaskLog) {
        self.powers = powers
        self.jobs = jobs
        self.log = log
    }

    /// What the store tells of deliveries that came before.
    struct Recorded {
        /// Tasks whose result is recorded: their acknowledgement was lost with a connection or a worker, and running
        /// them again would help nobody.
        var done: Set<TaskID> = []
        /// Tasks that had begun, and ran for a moment at least.
        var begun: [TaskID: TaskResult] = [:]
    }

    /// Looks up the deliveries that came before.
    nonisolated(nonsending) func recorded(_ deliveries: [Delivery]) async -> Recorded {
        guard !powers.fencesRepeats, let store = powers.lookup else { return Recorded() }
        let ids = deliveries.filter(\.mayRepeat).map(\.message.id)
        guard !ids.isEmpty else { return Recorded() }
        do {
            let results = try await store.results(for: ids)
            return Recorded(
                done: Set(results.values.filter(\.state.isReady).map(\.id)), begun: results.filter { $0.value.state == .started })
        } catch {
            log.brokerTrouble("cannot look up results of messages that came again", error)
            return Recorded()
        }
    }

    /// Takes a delivery for another one of a task that runs here this moment: running it a second time beside
    /// the first would help nobody. What the task comes to settles the newest delivery, and ends the others.
    ///
    /// - Returns: false when no such task runs here.
    func adopt(_ delivery: Delivery) -> Bool {
        guard !powers.fencesRepeats, delivery.mayRepeat, let job = jobs.job(of: delivery.message.id) else { return false }
        job.adopt(delivery.handle)
        log.adopted(delivery)
        return true
    }
}

extension Delivery {
    /// Whether its task may have run, or may run, already: a connection was lost, or a beat did not learn that it had
    /// sent the message.
    var mayRepeat: Bool { handle.attempt > message.retries + 1 || message.headers[BeatHeader.due] != nil }

    /// The same, with what a store knows that the broker does not: that the task had begun when its worker was lost, and
    /// how often that was so before.
    func blamed(by started: TaskResult?) -> Delivery {
        guard doubts > 0, let started else { return self }
        var delivery = self
        delivery.crashes = max(crashes, started.crashes + 1)
        delivery.doubts = max(0, doubts - delivery.crashes)
        return delivery
    }
}
