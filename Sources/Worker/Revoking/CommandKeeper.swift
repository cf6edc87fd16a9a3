import CeleryCore
import Glibc
import Processes

/// Carries out operators' standing commands: drops revoked tasks, terminates running ones on request, and honors pauses.
final class CommandKeeper {
    private let parts: ShiftParts
    private let gate: LimitGate
    private let recorder: Recorder
    /// Pauses by queue.
    private var pauses: [String: QueuePause] = [:]

    init(_ parts: ShiftParts, _ gate: LimitGate, _ recorder: Recorder) {
        self.parts = parts
        self.gate = gate
        self.recorder = recorder
    }

    /// Carries out commands as they arrive, until cancelled.
    nonisolated(nonsending) func follow() async {
        guard let commands = parts.powers.commands else { return }
        var backoff = Backoff.working
        while !Task.isCancelled {
            do {
                try await commands.waitForCommands()
                try await takeCommands()
                backoff.reset()
            } catch {
                if Task.isCancelled { return }
                parts.log.brokerTrouble("cannot read operators' commands", error)
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Carries out the commands given so far.
    ///
    /// - Throws: `DriverError` when the commands cannot be read.
    nonisolated(nonsending) func takeCommands() async throws {
        guard let commands = try await parts.powers.commands?.takeCommands() else { return }
        await revoke(commands.revocations)
        await apply(commands.pauses)
    }

    /// Drops the tasks that the revocations cover, and terminates running tasks if the revocation is terminating.
    ///
    /// - Returns: The terminated tasks.
    @discardableResult
    nonisolated(nonsending) func revoke(_ new: [Revocation]) async -> Set<TaskID> {
        guard !new.isEmpty else { return [] }
        let now = parts.now()
        for revocation in new { parts.revocations.revocations.add(revocation, now: now) }
        var terminated: Set<TaskID> = []
        var unbegun: [Int64] = []
        for job in parts.jobs.all {
            guard let revocation = new.last(where: { $0.covers(job.message) }) else { continue }
            let isWithPool = job.revoke()
            if revocation.isTerminating {
                terminated.insert(job.id)
                parts.log.terminating(job.delivery, revocation)
                parts.pool.terminate(job.number, signal: Signal.number(of: revocation.signal) ?? SIGTERM)
            } else if isWithPool {
                unbegun.append(job.number)
            }
        }
        parts.pool.recall(unbegun)
        // A revoked task that waits for its limits ends now rather than at its turn.
        await drop(gate.pop { delivery in new.contains { $0.covers(delivery.message) } })
        await dropWaiting(new)
        if let ahead = parts.powers.ahead {
            await drop(await ahead.takeAhead { message in new.contains { $0.covers(message) } })
        }
        return terminated
    }

    /// Drops jobs that were revoked while they went back to the broker: the revocation found them neither there nor here.
    nonisolated(nonsending) func dropRevoked(among returned: [Job]) async {
        let now = parts.now()
        let late = returned.filter { !$0.isRevoked }.compactMap { parts.revocations.revocations.first(covering: $0.message, now: now) }
        if !late.isEmpty { await dropWaiting(late) }
    }

    /// Drops messages that wait at a broker which lets a worker choose among them.
    private nonisolated(nonsending) func dropWaiting(_ revocations: [Revocation]) async {
        guard let keeper = parts.powers.limits else { return }
        do {
            while case let waiting = try await keeper.takeWaiting(revocations), !waiting.isEmpty { await drop(waiting) }
        } catch {
            parts.log.brokerTrouble("cannot look for revoked tasks among the waiting ones", error)
        }
    }

    /// Records deliveries as revoked.
    private nonisolated(nonsending) func drop(_ deliveries: [Delivery]) async {
        let now = parts.now()
        var outcomes: [Outcome] = []
        for delivery in deliveries {
            let outcome = OutcomeBuilder(delivery: delivery, by: parts.configuration, now: now)
                .outcome(.revoked, failure: .revoked("revoked"))
            parts.watchers.tell(.refused(delivery, outcome, reason: "revoked"))
            outcomes.append(outcome)
        }
        await recorder.settle(outcomes)
    }

    /// Requeues unbegun tasks of paused queues. The subscription itself takes no more of them.
    private nonisolated(nonsending) func apply(_ new: [String: QueuePause]) async {
        let now = parts.now()
        for (queue, pause) in new where pause != pauses[queue] && pause.holds(at: now) { parts.log.paused(queue, pause) }
        for queue in pauses.keys where new[queue] == nil { parts.log.resumed(queue) }
        pauses = new
        guard !new.isEmpty else { return }
        func isPaused(_ message: Message) -> Bool { new[message.route.queue]?.holds(at: now) ?? false }
        parts.pool.recall(parts.jobs.all.filter { $0.began == nil && isPaused($0.message) && $0.recall() }.map(\.number))
        await recorder.giveBack(gate.pop { isPaused($0.message) }.map(\.handle), .unbegun)
    }
}
