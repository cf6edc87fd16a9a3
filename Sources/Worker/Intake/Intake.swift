import CeleryCore
import Tasks

/// Takes deliveries while there is room, and turns them into jobs.
final class Intake {
    private let parts: ShiftParts
    private let gate: LimitGate
    private let slots: SlotLedger
    private let recorder: Recorder
    private let repeats: RepeatLookup
    private let builtins: BuiltinRunner

    /// How many deliveries the worker holds at once.
    var prefetch: Prefetch
    /// Deliveries taken so far, but for those that came back unbegun: for `maxTasks`.
    private(set) var taken = 0
    /// How many tasks of each name were taken.
    private(set) var totals: [String: Int] = [:]

    init(
        _ parts: ShiftParts, _ gate: LimitGate, _ slots: SlotLedger, _ recorder: Recorder, _ repeats: RepeatLookup,
        _ builtins: BuiltinRunner
    ) {
        self.parts = parts
        self.gate = gate
        self.slots = slots
        self.recorder = recorder
        self.repeats = repeats
        self.builtins = builtins
        prefetch = Prefetch(children: parts.configuration.pool.size, fixed: parts.configuration.prefetch)
    }

    /// Takes deliveries until a shutdown begins, or until the worker has done what it was started for.
    nonisolated(nonsending) func run() async {
        var backoff = Backoff()
        while !parts.ladder.hasBegun {
            let (seenRoom, seenWait) = (parts.room.count, parts.wait.count)
            if hasTakenAll && parts.jobs.isEmpty { break }
            let space = self.space
            if space == 0 {
                parts.powers.pushing?.haveNoRoom()
                await parts.room.wait(since: seenRoom, until: nil)
                continue
            }
            do {
                let deliveries = try await gate.take(space)
                backoff.reset()
                if parts.ladder.hasBegun {
                    await recorder.giveBack(deliveries.map(\.handle), .unbegun)
                } else if deliveries.isEmpty {
                    if try await isFinished() { break }
                    await parts.wait.wait(since: seenWait, for: parts.powers.consumer, until: waitDeadline)
                    continue
                } else {
                    await admit(deliveries)
                }
                await gate.leaveSlots(haveAdmitted: true)
            } catch {
                parts.log.brokerTrouble("cannot take messages", error)
                if parts.ladder.note(ifFatal: error) { break }
                await parts.ladder.pause(backoff.next())
            }
        }
        await recorder.giveBack(gate.pop { _ in true }.map(\.handle), .unbegun)
    }

    /// Jobs came back unbegun.
    func noteReturned(_ count: Int) { taken -= count }

    // MARK: Room

    /// Room in the pool, within what `maxTasks` leaves.
    private var space: Int {
        let free = max(0, prefetch.limit - parts.jobs.count)
        guard free >= prefetch.step || parts.jobs.isEmpty, recorder.slowCount < Recorder.slowLimit else { return 0 }
        return parts.configuration.maxTasks > 0 ? min(free, max(0, parts.configuration.maxTasks - taken)) : free
    }

    /// Whether all tasks it may run are taken.
    private var hasTakenAll: Bool { parts.configuration.maxTasks > 0 && taken >= parts.configuration.maxTasks }

    /// When to look again though nothing was heard of; `nil` waits for ever.
    private var waitDeadline: ContinuousClock.Instant? {
        var deadline: ContinuousClock.Instant? = parts.configuration.isBurst ? .now + .milliseconds(100) : nil
        if let look = gate.nextLook {
            let instant = ContinuousClock.now + max(.zero, look - parts.now())
            deadline = deadline.map { min($0, instant) } ?? instant
        }
        return deadline
    }

    /// Whether a burst worker has nothing left to do.
    private nonisolated(nonsending) func isFinished() async throws -> Bool {
        guard parts.configuration.isBurst, parts.jobs.isEmpty, gate.isEmpty else { return false }
        guard let backlog = parts.powers.backlog else { return true }
        return try await backlog.backlog() == 0
    }

    // MARK: Admission

    /// What admission made of deliveries.
    private struct Admitted {
        var jobs: [Job] = []
        /// Acknowledge deliveries of jobs before they run.
        var early: [Outcome] = []
        /// End deliveries that do not run.
        var refused: [Outcome] = []
        /// Tasks that the worker does itself.
        var builtins: [(BuiltinTask, Delivery)] = []
    }

    /// Sends deliveries to the pool, and settles those at once that do not run there.
    private nonisolated(nonsending) func admit(_ deliveries: [Delivery]) async {
        // From here to the last decision nothing waits: a revocation covers all of them, or finds them in the book.
        let recorded = await repeats.recorded(deliveries)
        let admitted = decide(deliveries, recorded)
        let settlement = await recorder.settle(admitted.early + admitted.refused.filter { !$0.sendsMessages })
        noteAcknowledged(admitted.early, settlement)
        await submit(admitted.jobs)
        await recorder.record(admitted.refused.filter(\.sendsMessages))
        var outcomes: [Outcome] = []
        for (task, delivery) in admitted.builtins { outcomes.append(await builtins.run(task, delivery)) }
        await recorder.record(outcomes)
    }

    /// Decides what becomes of deliveries. Those that are to run are in the book afterwards.
    private func decide(_ deliveries: [Delivery], _ recorded: RepeatLookup.Recorded) -> Admitted {
        let admission = Admission(configuration: parts.configuration, registry: parts.registry.tasks, revocations: parts.revocations.revocations)
        let now = parts.now()
        var admitted = Admitted()
        for delivery in deliveries {
            let delivery = delivery.blamed(by: recorded.begun[delivery.message.id])
            if let defect = delivery.defect {
                parts.log.unreadable(delivery, defect)
            } else if delivery.message.retries == 0 || BuiltinTask(name: delivery.message.task) == nil {
                // A task of the worker's own that looks again every second is told of once.
                parts.watchers.tell(.received(delivery))
            }
            if recorded.done.contains(delivery.message.id) {
                parts.log.repeated(delivery)
                admitted.refused.append(Outcome(handle: delivery.handle, results: []))
                taken += 1
                continue
            }
            if repeats.adopt(delivery) { continue }
            switch admission.decide(delivery, now: now) {
            case .run(var request, let definition):
                request.tag = parts.jobs.nextNumber()
                let job = Job(request, delivery, definition, admitted: now)
                gate.mark(job)
                if definition.terms.acknowledgement == .early { admitted.early.append(acknowledgement(of: job, now)) }
                parts.jobs.add(job)
                admitted.jobs.append(job)
                totals[delivery.message.task, default: 0] += 1
                taken += 1
            case .builtin(let task):
                admitted.builtins.append((task, delivery))
            case .settle(let outcome, let reason):
                if delivery.defect == nil { parts.watchers.tell(.refused(delivery, outcome, reason: reason)) }
                admitted.refused.append(outcome)
                taken += 1
            }
        }
        return admitted
    }

    /// The outcome that acknowledges the delivery of a job before it runs. From then on only the result store can tell
    /// of the task, so it says that it runs.
    private func acknowledgement(of job: Job, _ now: Timestamp) -> Outcome {
        var builder = OutcomeBuilder(delivery: job.delivery, worker: parts.configuration.identity.name, now: now)
        builder.started = now
        var outcome = Outcome(handle: job.delivery.handle, results: [builder.startedResult()])
        if job.definition.terms.concurrency != nil, parts.powers.limits != nil {
            outcome.keepsSlot = true
            slots.keep(job.delivery.handle)
        }
        return outcome
    }

    /// Deliveries that were to be acknowledged before they run are acknowledged now. Those that could not be are another
    /// worker's, or come again, and do not run here.
    private func noteAcknowledged(_ early: [Outcome], _ settlement: Settlement) {
        guard !early.isEmpty else { return }
        let early = Set(early.map(\.handle))
        let uncounted = settlement.uncounted
        for job in parts.jobs.all where job.stage == .admitted && early.contains(job.delivery.handle) {
            if uncounted.contains(job.delivery.handle) {
                drop(job)
            } else {
                job.acknowledge()
            }
        }
    }

    /// Forgets a job whose delivery is not this worker's any more.
    private func drop(_ job: Job) {
        _ = parts.jobs.withdraw(job.number)
        totals[job.message.task, default: 1] -= 1
        taken -= 1
    }

    /// Hands jobs to the pool, but for those that were revoked or recalled since they were admitted.
    private nonisolated(nonsending) func submit(_ admitted: [Job]) async {
        var requests: [JobRequest] = []
        var unbegun: [Job] = []
        for job in admitted where job.stage == .admitted {
            if let request = job.submit() { requests.append(request) } else { unbegun.append(job) }
        }
        parts.pool.submit(requests)
        await withdraw(unbegun)
    }

    /// Lets jobs go that are unbegun: back to their queue, unless they are revoked.
    ///
    /// Both the pool's and those that never came there: this is the one way in which a job leaves unbegun.
    nonisolated(nonsending) func withdraw(_ unbegun: [Job]) async {
        var endings = Endings()
        let handles = withdraw(unbegun, &endings)
        await recorder.record(endings)
        await recorder.giveBack(handles, .unbegun)
    }

    /// The same without recording it.
    ///
    /// - Returns: the deliveries to give back.
    func withdraw(_ unbegun: [Job], _ endings: inout Endings) -> [DeliveryHandle] {
        var handles: [DeliveryHandle] = []
        taken -= unbegun.count
        for job in unbegun {
            _ = parts.jobs.withdraw(job.number)
            if job.isRevoked {
                let outcome = job.outcomeBuilder(parts.configuration, now: parts.now()).outcome(.revoked, failure: .revoked("revoked"))
                parts.watchers.tell(.refused(job.delivery, outcome, reason: "revoked"))
                endings.add(outcome, of: job)
            } else if job.isAcknowledged {
                endings.add(job.sentAgain, of: job)
            } else {
                handles.append(job.delivery.handle)
                endings.endOthers(of: job)
            }
        }
        return handles
    }
}
