import CeleryCore
import Tasks

/// Finds out whether redelivered messages are running or have run.
///
/// Not needed with a broker that fences off repeats by leases and stores results with the messages (`fencesRepeats`).
final class RepeatLookup {
    private let powers: ConsumerPowers
    private let jobs: JobBook
    private let recorder: Recorder
    private let log: TaskLog

    init(_ powers: ConsumerPowers, _ jobs: JobBook, _ recorder: Recorder, _ log: TaskLog) {
        self.powers = powers
        self.jobs = jobs
        self.recorder = recorder
        self.log = log
    }

    /// What the result store knows about redelivered messages.
    struct Recorded {
        /// Final results of tasks whose acknowledgement, and perhaps answer, was lost with a connection or a worker. They
        /// need not run again.
        var done: [TaskID: TaskResult] = [:]
        /// Results of running tasks, such as STARTED. A task that ran only for a moment has none (see `ProgressTeller`).
        var begun: [TaskID: TaskResult] = [:]
    }

    /// Looks up results of the deliveries that may be repeats. Waits for outcomes that are on the way to the store, and looks again when
    /// a job has ended meanwhile.
    nonisolated(nonsending) func recorded(_ deliveries: [Delivery]) async -> Recorded {
        guard !powers.fencesRepeats, let store = powers.lookup else { return Recorded() }
        let ids = deliveries.filter(\.mayRepeat).map(\.message.id)
        guard !ids.isEmpty else { return Recorded() }
        while true {
            let running = ids.filter { jobs.job(of: $0) != nil }
            await recorder.waitForOutcomes(of: ids)
            do {
                let results = try await store.results(for: ids)
                let done = results.filter(\.value.state.isReady)
                if running.contains(where: { done[$0] == nil && jobs.job(of: $0) == nil }) { continue }
                return Recorded(done: done, begun: results.filter { $0.value.state.isUnderway })
            } catch {
                log.brokerTrouble("cannot look up results of redelivered messages", error)
                return Recorded()
            }
        }
    }

    /// The outcome of a redelivered message whose task is done: the client that waits for its result may not have got it.
    ///
    /// - Parameter ignoresResult: Whether the message or its task says that nobody waits.
    func outcome(of delivery: Delivery, done result: TaskResult, ignoresResult: Bool) -> Outcome {
        var result = result
        result.replyTo = delivery.message.replyTo
        result.isIgnored = ignoresResult
        var outcome = Outcome(handle: delivery.handle, results: [])
        if result.isAwaited { outcome.replies = [result] }
        return outcome
    }

    /// Attaches a redelivered message to the job that is running it here, instead of running the task twice at once.
    /// The outcome of the job settles the newest delivery and acknowledges the others.
    ///
    /// - Returns: `false` when no job of this task runs here.
    func adopt(_ delivery: Delivery) -> Bool {
        guard !powers.fencesRepeats, delivery.mayRepeat, let job = jobs.job(of: delivery.message.id) else { return false }
        job.adopt(delivery.handle)
        log.adopted(delivery)
        return true
    }
}

extension Delivery {
    /// Whether the task may be running or have run already: a connection was lost, or a beat may have sent the message
    /// twice because it missed the confirmation. Or somebody sends a signed command again, who could not sign it himself.
    var mayRepeat: Bool {
        handle.attempt > message.retries + 1 || message.headers[BeatHeader.due] != nil || message.task == CommandTask.name
    }

    /// The delivery with the crash count of the result store, for a broker that cannot tell whether the task had begun
    /// when its worker was lost.
    func blamed(by started: TaskResult?) -> Delivery {
        guard doubts > 0, let started else { return self }
        var delivery = self
        delivery.crashes = max(crashes, started.crashes + 1)
        delivery.doubts = max(0, doubts - delivery.crashes)
        return delivery
    }
}
