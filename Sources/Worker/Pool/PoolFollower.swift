import CeleryCore
import Tasks

/// Turns the events of the pool into state transitions of jobs and into outcomes.
final class PoolFollower {
    private let parts: ShiftParts
    private let intake: Intake
    private let commands: CommandKeeper
    private let gate: LimitGate
    private let recorder: Recorder
    private let teller: ProgressTeller
    private let writer: OutputWriter

    /// The children, for remote control.
    private(set) var processes = PoolProcesses()
    /// Whether the configured number of children has been ready at least once.
    private(set) var isReady = false
    /// Records the last round while the next one is gathered, so that the children and the database work at the same time.
    private var recording: Task<Void, Never>?

    init(
        _ parts: ShiftParts, _ intake: Intake, _ commands: CommandKeeper, _ gate: LimitGate, _ recorder: Recorder,
        _ teller: ProgressTeller, _ writer: OutputWriter
    ) {
        self.parts = parts
        self.intake = intake
        self.commands = commands
        self.gate = gate
        self.recorder = recorder
        self.teller = teller
        self.writer = writer
    }

    /// The consequences of one batch of events.
    private struct Round {
        var endings = Endings()
        /// The jobs that have ended, however they did.
        var ended: [Int64] = []
        /// Their tasks, of which messages may come again.
        var tasks: [TaskID] = []
        /// The jobs that no child began. They stay in the book until they go back, since they may be revoked until then.
        var unbegun: [Job] = []
        var interrupted: [Interrupted] = []
        var hasEnded = false
        /// Whether a job that ended leaves a slot to others.
        var leavesSlot = false

        /// Whether tasks ended, and nothing else happened that must be recorded.
        var mayLinger: Bool { !ended.isEmpty && unbegun.isEmpty && interrupted.isEmpty && !hasEnded }
    }

    /// A job that was running in a child that died, and whose message is requeued.
    private struct Interrupted {
        var job: Job
        /// Whether the job may have caused the death.
        var isCrash: Bool
    }

    /// How the follower stops the worker, and why the worker cannot go on.
    typealias Stop = (Shutdown, (any Error)?) -> Void

    /// Handles events until all children have exited.
    ///
    /// - Parameter stop: Called when the pool has failed or ended.
    nonisolated(nonsending) func run(stop: Stop) async {
        while true {
            var round = Round()
            for event in await parts.pool.events.take() { note(event, &round, stop) }
            if round.mayLinger, !parts.ladder.hasBegun, gate.isEmpty, let linger = intake.linger {
                try? await Task.sleep(for: linger)
                for event in parts.pool.events.takeNow() { note(event, &round, stop) }
                await finishRecording()
                await teller.finish(round.ended)
                if round.mayLinger, !round.leavesSlot {
                    recording = Task { [recorder, room = parts.room, endings = round.endings, tasks = round.tasks] in
                        await recorder.record(endings)
                        recorder.endOutcomes(of: tasks)
                        room.ring()
                    }
                    continue
                }
            }
            await finishRecording()
            await teller.finish(round.ended)
            // Interrupted jobs are requeued only after the outcomes of ended jobs are recorded.
            await recorder.record(round.endings)
            recorder.endOutcomes(of: round.tasks)
            if parts.ladder.hasBegun { await parts.pushEnd.complete() }
            for task in round.interrupted { await requeue(task) }
            await commands.dropRevoked(among: round.interrupted.map(\.job))
            await intake.withdraw(round.unbegun)
            await gate.leaveSlots()
            if !gate.isEmpty { parts.wait.end() }
            parts.room.ring()
            finishIfDone()
            if round.hasEnded { return await recorder.finish() }
        }
    }

    /// Waits until the round before is recorded: one after the other, so that outcomes are recorded in the order of their ends.
    private nonisolated(nonsending) func finishRecording() async {
        await recording?.value
        recording = nil
    }

    /// Lets the pool end when a warm shutdown has begun and no jobs are left.
    func finishIfDone() {
        if parts.ladder.step == .warm && parts.jobs.isEmpty { parts.pool.finish() }
    }

    // MARK: Events

    private func note(_ event: PoolEvent, _ round: inout Round, _ stop: Stop) {
        switch event {
        case .began(let number, let process): begin(number, process)
        case .report(let report): finish(report, &round)
        case .returned(let numbers):
            if !parts.ladder.hasBegun { intake.prefetch.noteCongestion() }
            round.unbegun += numbers.compactMap { parts.jobs[$0] }
        case .recalled(let numbers): round.unbegun += numbers.compactMap { parts.jobs[$0] }
        case .lost(let number, let reason, let cause): lose(number, reason, cause, &round)
        case .timedOut(let number, let seconds): end(number, killedFor: .timeLimitExceeded(seconds), &round)
        case .outgrew(let number, let limit, let peak):
            end(number, killedFor: .memoryLimitExceeded(limit: limit, peak: peak), &round)
        case .log(let line): parts.log.line(line)
        case .output(let number, let content): if parts.jobs[number] != nil { writer.note(number, content) }
        case .news(let number, let info): if parts.jobs[number] != nil { teller.note(number, info) }
        case .replaced(let reason): parts.log.replaced(reason)
        case .short(let reason): parts.log.short(reason)
        case .staffed(let ids): processes.note(ids)
        case .ready(let count): if count >= parts.configuration.pool.size { isReady = true }
        case .failed(let reason): stop(.cold, WorkerError(description: "the pool failed: \(reason)"))
        case .ended:
            round.hasEnded = true
            if !parts.ladder.hasBegun { stop(.cold, nil) }
        }
    }

    private func begin(_ number: Int64, _ process: Int32) {
        guard let job = parts.jobs[number] else { return }
        job.begin(at: parts.now(), process: process)
        processes.began(process)
        parts.watchers.tell(.began(job.delivery, attempt: job.attempt, pid: Int(process)))
    }

    /// Takes a job out of the book. Until its outcome is recorded its message may come again, and finds neither job nor result; and a
    /// burst worker has not finished: messages may follow.
    private func end(_ number: Int64, _ round: inout Round) -> Job? {
        guard let job = parts.jobs.end(number) else { return nil }
        round.ended.append(number)
        if !parts.powers.fencesRepeats || parts.configuration.isBurst {
            round.tasks.append(job.id)
            recorder.expectOutcomes(of: [job.id])
        }
        return job
    }

    private func finish(_ report: JobReport, _ round: inout Round) {
        guard let job = end(report.tag, &round) else { return }
        // A task that expired before it began says nothing about durations.
        if !report.isExpired { intake.note(job, duration: report.duration) }
        gate.noteEnd(of: job)
        if job.slot != nil { round.leavesSlot = true }
        finish(job, report, &round)
    }

    private func finish(_ job: Job, _ report: JobReport, _ round: inout Round) {
        parts.watchers.tell(.ended(job.delivery, attempt: job.attempt, report), of: job)
        round.endings.add(job.outcomeBuilder(parts.configuration, now: parts.now()).outcome(of: report), of: job)
    }

    /// Ends a job that was killed together with its child for exceeding a limit: it is retried or fails.
    private func end(_ number: Int64, killedFor failure: TaskFailure, _ round: inout Round) {
        guard let job = end(number, &round) else { return }
        let seconds = job.seconds(until: parts.now())
        intake.note(job, duration: seconds)
        if let delay = job.retry.delay(after: failure, now: parts.now(), random: { .random(in: 0...1) }) {
            finish(job, JobReport(tag: number, ending: .retry(delay: delay, failure, traceback: nil), duration: seconds), &round)
        } else {
            fail(job, failure, seconds: seconds, job.outcomeBuilder(parts.configuration, now: parts.now()).outcome(.failure, failure: failure), &round)
        }
    }

    /// Handles a job that was running in a child that died: its message is requeued within the crash limit.
    private func lose(_ number: Int64, _ reason: String, _ cause: DeathReason, _ round: inout Round) {
        guard let job = end(number, &round) else { return }
        // In a cold shutdown the worker kills its children, so the job is not to blame.
        let isCrash = parts.ladder.step != .cold
        let crashes = job.delivery.crashes + (isCrash ? 1 : 0)
        let limit = CrashLimit(of: job.definition, by: parts.configuration)
        let seconds = job.seconds(until: parts.now())
        if job.isAcknowledged || (isCrash && limit.isReached(crashes: crashes, doubts: job.delivery.doubts)) {
            let failure = TaskFailure.workerLost("\(reason) (attempt \(job.attempt), not tried again)")
            let burial = job.outcomeBuilder(parts.configuration, now: parts.now()).burial(isCrash ? cause : .lost, failure: failure, crashes: crashes)
            fail(job, failure, seconds: seconds, burial, &round)
        } else {
            parts.watchers.tell(.interrupted(job.delivery, attempt: job.attempt, reason: reason, seconds: seconds))
            round.interrupted.append(Interrupted(job: job, isCrash: isCrash))
            round.endings.endOthers(of: job)
        }
    }

    private func fail(_ job: Job, _ failure: TaskFailure, seconds: Double, _ outcome: Outcome, _ round: inout Round) {
        parts.watchers.tell(.failed(job.delivery, attempt: job.attempt, failure, seconds: seconds), of: job)
        round.endings.add(outcome, of: job)
    }

    /// Requeues the message of an interrupted job.
    ///
    /// Messages are requeued one by one: a broker may have to publish the message again, and one that cannot be published
    /// must not affect others. Such a task fails.
    private nonisolated(nonsending) func requeue(_ task: Interrupted) async {
        let job = task.job
        guard let error = await recorder.giveBack([job.delivery.handle], .begun(isCrash: task.isCrash)) else { return }
        let failure = TaskFailure.unsent("\(error)", isNextTry: true)
        parts.watchers.tell(.failed(job.delivery, attempt: job.attempt, failure, seconds: nil), of: job)
        await recorder.settle([job.outcomeBuilder(parts.configuration, now: parts.now()).outcome(.failure, failure: failure)])
    }
}
