// The worker's way through the house:
//
//     Intake -> Admission -> Pool -> PoolFollower -> Recorder
//
// The intake takes deliveries while there is room, and makes jobs of them; the pool's children run the jobs; the follower
// turns what the pool reports into outcomes, and the recorder settles them. Each handles all that has gathered at a time,
// which is where the speed comes from. `Job` has the picture of a job's life.

import CeleryCore
import Tasks

/// One subscription of a worker: from the first message to the last record.
///
/// An actor, to which all its parts belong: they call each other without ceremony, and nothing outside sees them.
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
    let scaler: PoolScaler
    let recorder: Recorder
    private let builtins: BuiltinRunner
    private let parts: ShiftParts
    /// The queues that are taken from.
    var queues: [QueueDefinition]
    /// Rings when there may be room for deliveries.
    let room: Bell

    /// - Parameter room: rung by `ladder` as well.
    init(
        _ worker: WorkerConfiguration, _ powers: ConsumerPowers, _ records: Records, _ registry: TaskRegistry, _ pool: Pool,
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
        self.registry = TaskBook(registry)
        recorder = Recorder(
            powers, records, stoppingPatience: worker.stoppingPatience, ladder: ladder, log: log, room: room, intakeWait: wait)
        builtins = BuiltinRunner(configuration: worker, store: records.store, powers: powers, log: log, now: now)
        slots = SlotLedger(powers, worker: worker.identity.id, log)
        parts = ShiftParts(
            configuration: worker, powers: powers, registry: self.registry, jobs: jobs, revocations: revocations, pool: pool,
            ladder: ladder, watchers: watchers, log: log, room: room, wait: wait)
        gate = LimitGate(parts, slots, recorder)
        commands = CommandKeeper(parts, gate, recorder)
        intake = Intake(parts, gate, slots, recorder, RepeatLookup(powers, jobs, log), builtins)
        follower = PoolFollower(parts, intake, gate, recorder)
        scaler = PoolScaler(parts, intake, gate, follower)
    }

    /// Learns what is ordered, and tells the broker what it must know before the first task is taken.
    ///
    /// - Throws: `DriverError`.
    func prepare() async throws {
        try await gate.announceRates()
        powers.control?.answerControl { [weak self] request in await self?.answer(request) }
        try await commands.takeCommands()
    }

    /// Works until a shutdown has come to its end.
    ///
    /// - Parameter onReady: called once the worker consumes.
    func work(onReady: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.takeIn(onReady) }
            group.addTask { await self.keepHouse() }
            group.addTask { await self.followNotices() }
            group.addTask { await self.tellProgress() }
            group.addTask { await self.tellMonitors() }
            group.addTask { await self.autoscale() }
            group.addTask { await self.followCommands() }
            await follower.run()
            group.cancelAll()
        }
        // Taken while the pool was going, and never begun. Closing gives back those that were not acknowledged.
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

    /// Waits until the pool can work, or never will.
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
        // What runs can no longer be recorded.
        if let failure = await keeper.run() { stop(.cold, because: failure) }
    }

    /// Logs what happens between the subscription and the broker, until either ends.
    private func followNotices() async {
        guard let reporting = powers.reporting else { return }
        for await notice in reporting.notices { log.notice(notice) }
    }

    private func tellProgress() async { await ProgressTeller(configuration, powers, jobs, now: now).run() }

    private func autoscale() async { await scaler.run() }

    private func followCommands() async { await commands.follow() }

    private func tellMonitors() async {
        guard let events else { return }
        events.start()
        _ = await isPoolReady()
        await Heartbeat(events, jobs, now: now).run()
    }

    // MARK: Shutdown

    /// Goes down the ladder, and takes the pool along.
    func stop(_ how: Shutdown, because failure: (any Error)? = nil) {
        guard ladder.descend(to: how, because: failure) else { return }
        heed(how)
    }

    /// Has the pool do what a step of the ladder says.
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

    /// What still runs has had its time.
    private func hurry() {
        guard ladder.step == .warm else { return }
        log.ranOutOfTime(jobs.all.filter { $0.began != nil }.map(\.delivery))
        stop(.cold)
    }

    // MARK: For others

    func grow(by count: Int) { scaler.grow(by: count) }

    func limitWait(of id: TaskID) async -> LimitWait? { await gate.wait(of: id) }
}
