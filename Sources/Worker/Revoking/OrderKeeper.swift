import CeleryCore
import Glibc
import Processes

/// Carries out operators' standing commands: drops revoked tasks, terminates running ones on request, and honors pauses.
final class OrderKeeper {
    private let configuration: WorkerConfiguration
    private let powers: ConsumerPowers
    private let jobs: JobBook
    private let book: RevocationBook
    private let gate: LimitGate
    private let pool: Pool
    private let recorder: Recorder
    private let watchers: TaskWatchers
    private let log: TaskLog
    private let now: @Sendable () -> Timestamp
    /// Pauses by queue.
    private var pauses: [String: QueuePause] = [:]

    init(
        _ configuration: WorkerConfiguration, _ powers: ConsumerPowers, _ jobs: JobBook, _ book: RevocationBook, _ gate: LimitGate,
        _ pool: Pool, _ recorder: Recorder, _ watchers: TaskWatchers, _ log: TaskLog, now: @escaping @Sendable () -> Timestamp
    ) {
        self.configuration = configuration
        self.powers = powers
        self.jobs = jobs
        self.book = book
        self.gate = gate
        self.pool = pool
        self.recorder = recorder
        self.watchers = watchers
        self.log = log
        self.now = now
    }

    /// Carries out commands as they arrive, until cancelled.
    nonisolated(nonsending) func follow() async {
        guard let orders = powers.orders else { return }
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                try await orders.waitForOrders()
                try await takeOrders()
                backoff.reset()
            } catch {
                if Task.isCancelled { return }
                log.brokerTrouble("cannot read operators' commands", error)
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Carries out the commands given so far.
    ///
    /// - Throws: `DriverError` when the commands cannot be read.
    nonisolated(nonsending) func takeOrders() async throws {
        guard let orders = try await powers.orders?.takeOrders() else { return }
        await revoke(orders.revocations)
        await apply(orders.pauses)
    }

    /// Drops the tasks that the revocations cover, and terminates running tasks if the revocation is terminating.
    ///
    /// - Returns: The terminated tasks.
    @discardableResult
    nonisolated(nonsending) func revoke(_ new: [Revocation]) async -> Set<TaskID> {
        guard !new.isEmpty else { return [] }
        let now = self.now()
        for revocation in new { book.revocations.add(revocation, now: now) }
        var terminated: Set<TaskID> = []
        var unbegun: [Int64] = []
        for job in jobs.all {
            guard let revocation = new.last(where: { $0.covers(job.message) }) else { continue }
            let isWithPool = job.revoke()
            if revocation.isTerminating {
                terminated.insert(job.id)
                log.terminating(job.delivery, revocation)
                pool.terminate(job.number, signal: Signal.number(of: revocation.signal) ?? SIGTERM)
            } else if isWithPool {
                unbegun.append(job.number)
            }
        }
        pool.recall(unbegun)
        // A revoked task that waits for its limits ends now rather than at its turn.
        await drop(gate.pop { delivery in new.contains { $0.covers(delivery.message) } })
        if let keeper = powers.limits {
            do {
                while case let waiting = try await keeper.takeWaiting(new), !waiting.isEmpty { await drop(waiting) }
            } catch {
                log.brokerTrouble("cannot look for revoked tasks that wait for their limits", error)
            }
        }
        if let ahead = powers.ahead {
            await drop(await ahead.takeAhead { message in new.contains { $0.covers(message) } })
        }
        return terminated
    }

    /// Records deliveries as revoked.
    private nonisolated(nonsending) func drop(_ deliveries: [Delivery]) async {
        let now = self.now()
        var outcomes: [Outcome] = []
        for delivery in deliveries {
            let outcome = OutcomeBuilder(delivery: delivery, worker: configuration.identity.name, now: now)
                .outcome(.revoked, failure: .revoked("revoked"))
            watchers.tell(.refused(delivery, outcome, reason: "revoked"))
            outcomes.append(outcome)
        }
        await recorder.settle(outcomes)
    }

    /// Requeues unbegun tasks of paused queues. The subscription itself takes no more of them.
    private nonisolated(nonsending) func apply(_ new: [String: QueuePause]) async {
        let now = self.now()
        for (queue, pause) in new where pause != pauses[queue] && pause.holds(at: now) { log.paused(queue, pause) }
        for queue in pauses.keys where new[queue] == nil { log.resumed(queue) }
        pauses = new
        guard !new.isEmpty else { return }
        func isPaused(_ message: Message) -> Bool { new[message.route.queue]?.holds(at: now) ?? false }
        pool.recall(jobs.all.filter { $0.began == nil && isPaused($0.message) && $0.recall() }.map(\.number))
        await recorder.giveBack(gate.pop { isPaused($0.message) }.map(\.handle), .unbegun)
    }
}
