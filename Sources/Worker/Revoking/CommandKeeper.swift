import CeleryCore
import Glibc
import Processes

/// Does what operators order: runs nothing that is revoked, ends what is to be ended, and leaves paused queues alone.
final class CommandKeeper {
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
    /// Queues that nothing is taken from for a while.
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

    /// Learns of orders as they come, until it is cancelled.
    nonisolated(nonsending) func follow() async {
        guard let commands = powers.commands else { return }
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                try await commands.waitForCommands()
                try await takeCommands()
                backoff.reset()
            } catch {
                if Task.isCancelled { return }
                log.brokerTrouble("cannot look for orders", error)
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Does what has been ordered so far.
    ///
    /// - Throws: `DriverError` when that cannot be learned.
    nonisolated(nonsending) func takeCommands() async throws {
        guard let commands = try await powers.commands?.takeCommands() else { return }
        await revoke(commands.revocations)
        await heed(commands.pauses)
    }

    /// Runs no task that these cover, and ends those under way if that is ordered.
    ///
    /// - Returns: the tasks that were told to end.
    @discardableResult
    nonisolated(nonsending) func revoke(_ new: [Revocation]) async -> Set<TaskID> {
        guard !new.isEmpty else { return [] }
        let now = self.now()
        for revocation in new { book.revocations.add(revocation, now: now) }
        var told: Set<TaskID> = []
        var unbegun: [Int64] = []
        for job in jobs.all {
            guard let revocation = new.last(where: { $0.covers(job.message) }) else { continue }
            let isWithPool = job.revoke()
            if revocation.isTerminating {
                told.insert(job.id)
                log.terminating(job.delivery, revocation)
                pool.terminate(job.number, signal: Signal.number(of: revocation.signal) ?? SIGTERM)
            } else if isWithPool {
                unbegun.append(job.number)
            }
        }
        pool.recall(unbegun)
        // A task that waits for its limits is not to wait for its turn to end.
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
        return told
    }

    /// Records that deliveries are revoked.
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

    /// Gives back unbegun tasks of queues that are paused now. The subscription takes no more of them.
    private nonisolated(nonsending) func heed(_ new: [String: QueuePause]) async {
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
