// The path of a task through the worker:
//
//     Intake -> Admission -> Pool -> PoolFollower -> Recorder
//
// The intake takes deliveries while the worker has capacity and makes jobs of them; the pool's children run the jobs; the
// follower turns the pool's reports into outcomes, and the recorder settles them. Each part works in batches, which
// makes the worker fast. `Job` has a diagram of a job's states.

import CeleryCore
import Tasks

/// One subscription of a worker, from the first message to the last recorded outcome.
///
/// All parts are isolated to this actor, so they call each other synchronously. Nothing outside the actor sees them.
actor Shift {
    let configuration: WorkerConfiguration
    let powers: ConsumerPowers
    let ladder: ShutdownLadder
    let events: EventDispatcher?
    let log: TaskLog
    let now: @Sendable () -> Timestamp
    let started: Timestamp
    let pool: Pool
    let registry: TaskBook
    let jobs = JobBook()
    let revocations = RevocationBook()
    let slots: SlotLedger
    let gate: LimitGate
    let commands: CommandKeeper
    let intake: Intake
    let follower: PoolFollower
    private let teller: ProgressTeller
    private let writer: OutputWriter
    let scaler: PoolScaler
    let recorder: Recorder
    let probes = ProbeBook()
    private let builtins: BuiltinRunner
    private let parts: ShiftParts
    /// The consumed queues.
    var queues: [QueueDefinition]
    /// Rings when the worker may have capacity for more deliveries.
    let room: Bell

    /// - Parameter room: Also rung by `ladder`.
    init(
        _ worker: WorkerConfiguration, _ powers: ConsumerPowers, _ records: Records, _ registry: TaskBook, _ pool: Pool,
        _ ladder: ShutdownLadder, _ watchers: TaskWatchers, _ events: EventDispatcher?, _ log: TaskLog, room: Bell,
        wait: IntakeWait
    ) {
        configuration = worker
        self.powers = powers
        self.ladder = ladder
        self.events = events
        self.log = log
        self.pool = pool
        self.room = room
        let now = watchers.now
        self.now = now
        started = now()
        queues = worker.queues.map { worker.facts.queues[$0] ?? QueueDefinition($0) }
        self.registry = registry
        recorder = Recorder(
            powers, records, stoppingPatience: worker.stoppingPatience, ladder: ladder, log: log, room: room, intakeWait: wait)
        builtins = BuiltinRunner(configuration: worker, store: records.store, powers: powers, probes: probes, log: log, now: now)
        slots = SlotLedger(powers, worker: worker.identity.id, log)
        parts = ShiftParts(
            configuration: worker, powers: powers, registry: self.registry, jobs: jobs, revocations: revocations, pool: pool,
            ladder: ladder, pushEnd: PushEnd(powers), watchers: watchers, log: log, room: room, wait: wait)
        gate = LimitGate(parts, slots, recorder)
        commands = CommandKeeper(parts, gate, recorder)
        intake = Intake(parts, gate, slots, recorder, commands, RepeatLookup(powers, jobs, recorder, log), PrerequisiteLookup(powers, records.broker, log), builtins)
        teller = ProgressTeller(worker, powers, jobs, now: now)
        writer = OutputWriter(powers, jobs)
        follower = PoolFollower(parts, intake, commands, gate, recorder, teller, writer)
        scaler = PoolScaler(parts, intake, gate, follower)
    }

    /// Announces the rates of tasks, starts to answer remote control, and carries out the operators' standing commands, before
    /// the first task is taken.
    ///
    /// - Throws: `DriverError`.
    func prepare() async throws {
        try await gate.announceRates()
        powers.control?.answerControl { [weak self] request in await self?.answer(request) }
        try await commands.takeCommands()
    }

    /// Works until a shutdown is complete.
    ///
    /// - Parameter onReady: Called once the worker consumes.
    func work(onReady: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.takeIn(onReady) }
            group.addTask { await self.keepHouse() }
            group.addTask { await self.followNotices() }
            group.addTask { await self.tellProgress() }
            group.addTask { await self.writeOutput() }
            group.addTask { await self.tellMonitors() }
            group.addTask { await self.autoscale() }
            group.addTask { await self.followCommands() }
            group.addTask { await self.followFiles() }
            await follower.run { self.stop($0, because: $1) }
            group.cancelAll()
        }
        // Jobs taken while the pool was stopping have never begun. Publish the acknowledged ones again; closing the consumer
        // requeues the others.
        await recorder.settle(acknowledged: jobs.all.filter(\.isAcknowledged).map(\.sentAgain))
        await slots.leaveAll()
        await powers.consumer.close()
        await events?.close()
    }

    private func takeIn(_ onReady: @Sendable () async -> Void) async {
        if await isPoolReady() {
            await onReady()
            await intake.run()
        }
        stop(.warm)
    }

    /// Waits until the pool can work or a shutdown begins.
    private func isPoolReady() async -> Bool {
        while !ladder.hasBegun {
            let seen = room.count
            if follower.isReady { return true }
            await room.wait(since: seen, until: nil)
        }
        return false
    }

    private func keepHouse() async {
        let keeper = Housekeeper(parts, intake, gate, slots, builtins)
        // The outcomes of running tasks can no longer be recorded.
        if let failure = await keeper.run() { stop(.cold, because: failure) }
    }

    /// Logs the broker's notices until the subscription ends.
    private func followNotices() async {
        guard let reporting = powers.reporting else { return }
        for await notice in reporting.notices { log.notice(notice) }
    }

    private func tellProgress() async { await teller.run() }

    private func writeOutput() async { await writer.run() }

    private func autoscale() async { await scaler.run() }

    private func followCommands() async { await commands.follow() }

    private func followFiles() async { await TaskFollower(parts, gate).run() }

    private func tellMonitors() async {
        guard let events else { return }
        events.start()
        _ = await isPoolReady()
        await Heartbeat(events, jobs, now: now).run()
    }

    // MARK: Shutdown

    /// Descends the ladder and stops the pool accordingly.
    func stop(_ how: Shutdown, because failure: (any Error)? = nil) {
        guard ladder.descend(to: how, because: failure) else { return }
        heed(how)
    }

    /// Applies a step of the ladder to the pool.
    func heed(_ how: Shutdown) {
        switch how {
        case .warm:
            pool.drain()
            follower.finishIfDone()
            if let limit = configuration.shutdownTimeout { stopNow(after: limit) }
        case .cold:
            pool.kill()
        }
    }

    private func stopNow(after limit: Duration) {
        Task { [weak self] in
            try await Task.sleep(for: limit)
            await self?.hurry()
        }
    }

    /// Turns a warm shutdown that has timed out into a cold one.
    private func hurry() {
        guard ladder.step == .warm else { return }
        log.ranOutOfTime(jobs.all.filter { $0.began != nil }.map(\.delivery))
        stop(.cold)
    }

    // MARK: Forwarded calls

    func grow(by count: Int) { scaler.grow(by: count) }

    func limitWait(of id: TaskID) async -> LimitWait? { await gate.wait(of: id) }
}
