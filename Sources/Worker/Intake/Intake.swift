import CeleryCore
import Tasks

/// Takes deliveries while the worker has capacity, and turns them into jobs.
final class Intake {
    private let parts: ShiftParts
    private let gate: LimitGate
    private let slots: SlotLedger
    private let recorder: Recorder
    private let commands: CommandKeeper
    private let repeats: RepeatLookup
    private let prerequisites: PrerequisiteLookup
    private let builtins: BuiltinRunner

    /// Limits the deliveries that the worker holds at once.
    var prefetch: Prefetch
    /// Allows more deliveries while they are jobs without a child.
    private var allowance: CallAllowance
    /// Deliveries taken so far, except for jobs that left unbegun; compared to `maxTasks`.
    private(set) var taken = 0
    /// How many tasks of each name were taken.
    private(set) var totals: [String: Int] = [:]
    /// The last time there was something to do, or nothing could come.
    private var lastWork = ContinuousClock.now

    init(
        _ parts: ShiftParts, _ gate: LimitGate, _ slots: SlotLedger, _ recorder: Recorder, _ commands: CommandKeeper,
        _ repeats: RepeatLookup, _ prerequisites: PrerequisiteLookup, _ builtins: BuiltinRunner
    ) {
        self.parts = parts
        self.gate = gate
        self.slots = slots
        self.recorder = recorder
        self.commands = commands
        self.repeats = repeats
        self.prerequisites = prerequisites
        self.builtins = builtins
        prefetch = Prefetch(children: parts.configuration.pool.size, fixed: parts.configuration.prefetch)
        allowance = CallAllowance(limit: parts.configuration.calls.limit)
    }

    /// Takes deliveries until a shutdown begins, `maxTasks` are done, or a burst worker finds its queues empty.
    nonisolated(nonsending) func run() async {
        var backoff = Backoff.working
        lastWork = .now
        while !parts.ladder.hasBegun {
            let (seenCapacity, seenWait) = (parts.room.count, parts.wait.count)
            if !parts.jobs.isEmpty || recorder.isBusy || parts.powers.pushing?.isReceiving == false { lastWork = .now }
            if hasTakenAll && parts.jobs.isEmpty { break }
            let capacity = self.capacity
            if capacity == 0 {
                parts.powers.pushing?.haveNoRoom()
                await parts.room.wait(since: seenCapacity, until: nil)
                lastWork = .now
                continue
            }
            do {
                let deliveries = try await gate.take(capacity)
                backoff.reset()
                if parts.ladder.hasBegun {
                    await recorder.giveBack(deliveries.map(\.handle), .unbegun)
                } else if deliveries.isEmpty {
                    if try await isFinished() { break }
                    await parts.wait.wait(since: seenWait, for: parts.powers.consumer, until: waitDeadline)
                    continue
                } else {
                    await admit(deliveries)
                    lastWork = .now
                }
                await gate.leaveSlots(haveAdmitted: true)
            } catch {
                parts.log.brokerTrouble("cannot take messages", error)
                if parts.ladder.note(ifFatal: error) { break }
                await parts.ladder.pause(backoff.next())
            }
        }
        if parts.ladder.hasBegun { await parts.pushEnd.complete() }
        await recorder.giveBack(gate.pop { _ in true }.map(\.handle), .unbegun)
    }

    // MARK: Capacity

    /// How many deliveries to take now, limited by `prefetch` and `maxTasks`.
    private var capacity: Int {
        let held = allowance.held(jobs: parts.jobs.count, calls: parts.jobs.calls)
        let free = max(0, prefetch.limit - held)
        guard free >= prefetch.step || held == 0, recorder.slowCount < Recorder.slowLimit, !gate.isFull else { return 0 }
        let wanted = free + allowance.more(calls: parts.jobs.calls)
        return parts.configuration.maxTasks > 0 ? min(wanted, max(0, parts.configuration.maxTasks - taken)) : wanted
    }

    /// Notes how long a job took.
    func note(_ job: Job, duration: Double) {
        if job.isCall { allowance.note(duration: duration) } else { prefetch.note(duration: duration) }
    }

    /// How long to wait for the ends of other jobs after one has ended; `nil` when the end is to be recorded at once.
    var linger: Duration? {
        prefetch.linger(holding: parts.jobs.count - parts.jobs.calls) ?? allowance.linger(calls: parts.jobs.calls)
    }

    /// Whether nothing is taken until a task ends.
    var isFull: Bool { capacity == 0 }

    /// Whether `maxTasks` deliveries are taken.
    private var hasTakenAll: Bool { parts.configuration.maxTasks > 0 && taken >= parts.configuration.maxTasks }

    /// When to look for work without having been woken; `nil` waits forever.
    private var waitDeadline: ContinuousClock.Instant? {
        var deadline: ContinuousClock.Instant? = parts.configuration.isBurst ? .now + .milliseconds(100) : nil
        if let look = gate.nextLook {
            let instant = ContinuousClock.now + max(.zero, look - parts.now())
            deadline = deadline.map { min($0, instant) } ?? instant
        }
        return deadline
    }

    /// How long a broker that cannot count its backlog must send nothing before its queues count as empty.
    private static let quiet: Duration = .seconds(1)

    /// Whether a burst worker has nothing left to do.
    private nonisolated(nonsending) func isFinished() async throws -> Bool {
        guard parts.configuration.isBurst, parts.jobs.isEmpty, gate.isEmpty, !recorder.isBusy else { return false }
        guard let backlog = parts.powers.backlog else { return .now - lastWork >= Self.quiet }
        return try await backlog.backlog() == 0
    }

    // MARK: Admission

    /// Deliveries sorted by the decision of `Admission`.
    private struct Admitted {
        var jobs: [Job] = []
        /// Outcomes that acknowledge deliveries before their jobs run.
        var early: [Outcome] = []
        /// Outcomes of deliveries that do not run.
        var refused: [Outcome] = []
        /// Tasks that the worker runs itself.
        var builtins: [(BuiltinTask, Delivery)] = []
        /// Deliveries that wait for other tasks.
        var waiting: [(delivery: Delivery, open: [TaskID])] = []
    }

    /// Sends deliveries to the pool. Settles deliveries that do not run, and runs built-in tasks.
    private nonisolated(nonsending) func admit(_ deliveries: [Delivery]) async {
        let standings = await prerequisites.standings(of: deliveries)
        let recorded = await repeats.recorded(deliveries)
        // `decide` does not suspend, and nothing suspends between the look-up and it: a revocation either is known to `decide` or finds
        // the jobs in the book, and so does a message whose task runs.
        let admitted = decide(deliveries, recorded, standings)
        allowance.note(calls: admitted.jobs.count(where: \.isCall), others: admitted.jobs.count { !$0.isCall })
        let settlement = await recorder.settle(admitted.early + admitted.refused.filter { !$0.sendsMessages })
        noteAcknowledged(admitted.early, settlement)
        await submit(admitted.jobs)
        await recorder.record(admitted.refused.filter(\.sendsMessages))
        var outcomes: [Outcome] = []
        for (task, delivery) in admitted.builtins { outcomes.append(await builtins.run(task, delivery)) }
        await recorder.record(outcomes)
        await recorder.giveBack(await prerequisites.postpone(admitted.waiting, now: parts.now()), .unbegun)
    }

    /// Decides about each delivery, and adds jobs to the book.
    private func decide(
        _ deliveries: [Delivery], _ recorded: RepeatLookup.Recorded, _ standings: [TaskID: PrerequisiteLookup.Standing]
    ) -> Admitted {
        let admission = Admission(
            configuration: parts.configuration, registry: parts.registry.tasks, followsFiles: parts.registry.files != nil,
            revocations: parts.revocations.revocations)
        let now = parts.now()
        var admitted = Admitted()
        for delivery in deliveries {
            let delivery = delivery.blamed(by: recorded.begun[delivery.message.id])
            var decision = admission.decide(delivery, now: now)
            if !decision.isFinal, recorded.done[delivery.message.id] == nil {
                switch standings[delivery.message.id] {
                case .waiting(let open)?:
                    admitted.waiting.append((delivery, open))
                    continue
                case .failed(let reason)?: decision = admission.withdrawal(of: delivery, because: reason, now: now)
                case .met?, nil: break
                }
            }
            if let defect = delivery.defect {
                parts.log.unreadable(delivery, defect)
            } else if isReported(delivery.message) {
                parts.watchers.tell(.received(delivery))
            }
            if let result = recorded.done[delivery.message.id] {
                parts.log.repeated(delivery)
                let ignoresResult = admission.ignoresResult(delivery.message)
                admitted.refused.append(repeats.outcome(of: delivery, done: result, ignoresResult: ignoresResult))
                taken += 1
                continue
            }
            if repeats.adopt(delivery) { continue }
            switch decision {
            case .run(var request, let definition):
                request.tag = parts.jobs.nextNumber()
                if let refusal = parts.configuration.webhooks.refusal(of: delivery.message) {
                    parts.log.warn("The callback of task \(delivery.message.id) will not be called: \(refusal)")
                }
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

    /// Whether watchers learn of the arrival: once of a built-in task that retries every second, and never of a probe.
    private func isReported(_ message: Message) -> Bool {
        switch BuiltinTask(name: message.task) {
        case nil: true
        case .probe: false
        case .chordUnlock, .backendCleanup: message.retries == 0
        }
    }

    /// The outcome that acknowledges the delivery of a job before the job runs. From then on only the result store knows
    /// the task, so a STARTED result is stored.
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

    /// Marks jobs as acknowledged. Drops jobs whose early acknowledgement did not count: their messages belong to another
    /// worker or will be redelivered.
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

    /// Drops a job whose delivery no longer belongs to this worker.
    private func drop(_ job: Job) {
        _ = parts.jobs.withdraw(job.number)
        totals[job.message.task, default: 1] -= 1
        taken -= 1
    }

    /// Sends jobs to the pool, except for jobs revoked or recalled since their admission.
    private nonisolated(nonsending) func submit(_ admitted: [Job]) async {
        var requests: [JobRequest] = []
        var unbegun: [Job] = []
        for job in admitted where job.stage == .admitted {
            if let request = job.submit() { requests.append(request) } else { unbegun.append(job) }
        }
        parts.pool.submit(requests)
        await withdraw(unbegun)
    }

    /// Requeues unbegun jobs, and records the revoked ones as revoked.
    ///
    /// Every unbegun job whose delivery is still ours leaves through this method, whether the pool had the job or not.
    nonisolated(nonsending) func withdraw(_ unbegun: [Job]) async {
        guard !unbegun.isEmpty else { return }
        var endings = Endings()
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
        await recorder.record(endings)
        await recorder.giveBack(handles, .unbegun)
        await commands.dropRevoked(among: unbegun)
    }
}
