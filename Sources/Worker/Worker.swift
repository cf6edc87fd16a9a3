package import CeleryCore
package import Logging
package import Tasks

/// Takes deliveries, runs them in its pool, settles them.
///
/// `Worker` is the interface for starting, stopping and querying; `Shift` is the implementation while it works.
package actor Worker {
    private let configuration: WorkerConfiguration
    private let broker: any Broker
    private let store: (any ResultStore)?
    private let registry: TaskRegistry
    /// The task files, if the worker follows their changes.
    private let files: TaskFiles?
    private let log: TaskLog
    private let watchers: TaskWatchers
    /// Sends events to monitors; `nil` when events are off or the broker does not support them.
    private let events: EventDispatcher?
    private let ladder: ShutdownLadder
    private let room = Bell()
    private let wait = IntakeWait()
    /// Set while the worker works.
    private(set) var shift: Shift?

    /// - Parameters:
    ///   - registry: The tasks; those of `files`, if given.
    ///   - files: The task files to follow. Without them the tasks never change.
    package init(
        configuration: WorkerConfiguration, broker: any Broker, store: (any ResultStore)?, registry: TaskRegistry, files: TaskFiles? = nil,
        logger: Logger, watchers: [any TaskWatching] = [], now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        var configuration = configuration
        // Whoever cannot keep output need not be sent it.
        if !(store is any OutputKeeping) { configuration.keptOutputBytes = 0 }
        self.configuration = configuration
        self.broker = broker
        self.store = store
        self.registry = registry
        self.files = files
        log = TaskLog(logger: logger)
        ladder = ShutdownLadder { [room, wait] in
            room.ring()
            wait.end()
        }
        events = EventDispatcher(configuration, broker, ladder, log)
        self.watchers = TaskWatchers(watchers: [log] + (events.map { [$0] } ?? []) + watchers, now: now)
    }

    /// Works until `stop(_:)` is called, or `isBurst` or `maxTasks` ends the work.
    ///
    /// Cancelling the call starts a warm shutdown: outcomes are still recorded.
    ///
    /// - Parameter onReady: Called once the worker consumes.
    /// - Throws: `DriverError` when the broker cannot be used at the start, or is lost for good later; `WorkerError`
    ///   when the pool cannot be kept alive.
    package func run(onReady: @escaping @Sendable () async -> Void = {}) async throws {
        // The work runs in a separate task, which is never cancelled: a cancelled write to the broker would leave open
        // whether it happened.
        let work = Task { try await self.work(onReady: onReady) }
        try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            Task { await self.stop(.warm) }
        }
    }

    private func work(onReady: @escaping @Sendable () async -> Void) async throws {
        let consumer = try await broker.consumer(of: configuration.queues, as: configuration.identity)
        let shift: Shift
        do {
            shift = try await begin(ConsumerPowers(consumer, store))
        } catch {
            await consumer.close()
            throw error
        }
        self.shift = shift
        // `stop(_:)` may have been called before the pool existed.
        if let step = ladder.step { await shift.heed(step) }
        await shift.work(onReady: onReady)
        self.shift = nil
        if let failure = ladder.failure { throw failure }
    }

    private func begin(_ powers: ConsumerPowers) async throws -> Shift {
        try await powers.leases?.announce(tasks: registry.names)
        var poolConfiguration = configuration.pool
        poolConfiguration.flightRecord = powers.flight?.makeFlightRecord()
        let pool = try Pool(poolConfiguration, calls: registry.sorted.contains(where: \.needsNoProcess) ? configuration.calls : nil)
        let refusals = Refusals(log: log, worker: configuration.identity.name, now: watchers.now)
        // A store that sends results to the waiting clients answers them itself.
        let replier = configuration.sendsReplies && !(store is any ResultAnswering) ? broker as? any ReplySending : nil
        let replying = replier.flatMap { $0.mayBeAwaited(beside: store) ? $0 : nil }
        let shift = Shift(
            configuration, powers, Records(broker: broker, store: store, replying: replying, refusals: refusals),
            TaskBook(registry, files, log), pool, ladder, watchers, events,
            log, room: room, wait: wait)
        do {
            try await shift.prepare()
        } catch {
            pool.kill()
            throw error
        }
        return shift
    }

    /// Starts a shutdown; a cold shutdown may follow a warm one.
    package func stop(_ how: Shutdown) async {
        if let shift { await shift.stop(how) } else { ladder.descend(to: how) }
    }

    /// Adds children to the pool, or removes children if `count` is negative.
    package func grow(by count: Int) async { await shift?.grow(by: count) }

    /// Turns events about tasks on or off.
    ///
    /// - Returns: Whether the setting changed; `nil` when this worker sends no events at all.
    package func setTaskEvents(_ on: Bool) -> Bool? { events?.setTaskEvents(on) }

    /// The limit that a held delivery of this task waits for; `nil` when no limit holds a delivery of this id here.
    package func limitWait(of id: TaskID) async -> LimitWait? { await shift?.limitWait(of: id) }

    /// Answers a remote control request; `nil` means no reply.
    func answer(_ request: ControlRequest) async -> JSON? { await shift?.answer(request) }
}
