// The worker's way through the house:
//
//     consumer -> admission -> pool -> outcome -> settler
//
// Three loops run side by side: one takes deliveries while there is room, one turns
// what the pool reports into outcomes and settles them, one keeps the lease. Each
// handles all that has gathered at a time, which is where the speed comes from.

package import CeleryCore
package import Logging
package import Tasks

/// Takes deliveries, runs them in its pool, settles them.
package actor Worker {
    let configuration: WorkerConfiguration
    let broker: any Broker
    let store: (any ResultStore)?
    /// An operator may change time limits.
    var registry: TaskRegistry
    let log: TaskLog
    private let watchers: [any TaskWatching]
    /// Tells monitors; `nil` when they are told nothing, or the broker has none.
    let events: EventDispatcher?
    let now: @Sendable () -> Timestamp

    /// What is with the pool, by a number of our own: a worker that was taken for dead may get
    /// a message again, under the same tag, while an earlier attempt is still with its pool.
    var inFlight: [Int64: InFlight] = [:]
    var lastJob: Int64 = 0
    var prefetch: Prefetch
    var shutdown: Shutdown?
    let started: Timestamp
    /// How many tasks of each name were taken.
    var totals: [String: Int] = [:]
    /// Deliveries taken so far, for `maxTasks`.
    var taken = 0
    var failure: WorkerError?
    var isReady = false
    var pool: Pool?
    /// What of the work waits here for its limits.
    var limits = WorkerLimits()
    /// Places that end with no delivery.
    var places: [DeliveryHandle: PlaceState] = [:]
    /// Rates that an operator has set, by task.
    var rates: [String: RateSetting] = [:]
    let hasLimitedTasks: Bool
    /// The children, for those who ask.
    var staff = PoolStaff()
    /// Changes their number; `nil` leaves it alone.
    var autoscaler: Autoscaler?
    /// The subscription, while the worker works.
    var consumer: (any BrokerConsumer)?
    /// The queues that are taken from.
    var queues: [QueueDefinition]
    /// The wait for messages, which a shutdown ends.
    var waiting: Task<Void, any Error>?
    /// How often messages were given back, after which the broker is to hear anew how many are wanted.
    var returns = 0
    /// When an outcome was last recorded, or the shutdown began.
    var lastSuccess = ContinuousClock.now
    /// Outcomes on their way into the records, beside the rest of the work.
    var recordings: [Int: Recording] = [:]
    var lastRecording = 0
    /// What is not to run.
    var revocations = Revocations()
    /// Queues that nothing is taken from for a while.
    var pausedQueues: [String: QueuePause] = [:]
    /// Whether the broker was told that nothing is taken any more.
    var hasEndedPushing = false
    /// Rings when there may be room, or when a shutdown begins.
    let room = Bell()
    /// Rings when a shutdown begins, or gets colder.
    let stopping = Bell()

    /// A delivery that is with the pool.
    struct InFlight {
        var delivery: Delivery
        var definition: TaskDefinition
        var started: Timestamp
        /// When a child began it, and that child's process id.
        var began: Timestamp?
        var childPID: Int?
        /// Acknowledged before it ran, as the task wished.
        var isAcknowledged: Bool
        /// The number of the execution, which a later delivery does not change.
        var attempt: Int
        /// By what the places of its task are counted, if they are.
        var concurrencyKey: String?
        /// By what its place is known that is held apart from the delivery, if it is; another delivery does not change it.
        var place: DeliveryHandle?
        /// Other deliveries of the same message, which end with this one.
        var others: [DeliveryHandle] = []
        /// Whether it is not to begin any more.
        var isRevoked = false
        /// Whether the store was told that it runs.
        var isTold = false

        /// How long it has been under way.
        func seconds(until now: Timestamp) -> Double { began.map { now.seconds - $0.seconds } ?? 0 }

        /// Puts it back in line although it was acknowledged, for it has not begun.
        var again: Outcome { Outcome(handle: delivery.handle, results: [], followUps: [delivery.message.backToItsQueue.counting(attempts: attempt - 1)]) }
    }

    package init(
        configuration: WorkerConfiguration, broker: any Broker, store: (any ResultStore)?, registry: TaskRegistry,
        logger: Logger, watchers: [any TaskWatching] = [], now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.configuration = configuration
        self.broker = broker
        self.store = store
        self.registry = registry
        self.now = now
        started = now()
        hasLimitedTasks = Self.hasLimitedTasks(registry, configuration)
        log = TaskLog(logger: logger)
        events = EventDispatcher(configuration, broker, log)
        self.watchers = [log] + (events.map { [$0] } ?? []) + watchers
        queues = configuration.queues.map { configuration.facts.queues[$0] ?? QueueDefinition($0) }
        autoscaler = configuration.autoscale.map { Autoscaler(range: $0, keepalive: configuration.autoscaleKeepalive) }
        prefetch = Prefetch(children: configuration.pool.size, fixed: configuration.prefetch)
    }

    /// Works until it is told to stop, or `isBurst` or `maxTasks` say so.
    ///
    /// - Parameter onReady: called once the worker consumes.
    /// - Throws: `DriverError` when the broker cannot be used at the start; `WorkerError`
    ///   when the pool cannot be kept alive.
    ///
    /// Cancelling it is a warm shutdown: outcomes are still recorded.
    package func run(onReady: @escaping @Sendable () async -> Void = {}) async throws {
        // In a task of its own, which is never cancelled: a cancelled write to the broker
        // would leave open whether it happened.
        let work = Task { try await self.work(onReady: onReady) }
        try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            Task { await self.stop(.warm) }
        }
    }

    private func work(onReady: @escaping @Sendable () async -> Void) async throws {
        let consumer = try await broker.consumer(of: configuration.queues, as: configuration.identity)
        let pool: Pool
        do {
            if let holder = consumer as? any LeaseHolding { try await holder.announce(tasks: registry.names) }
            try await announceRates(to: consumer)
            if let controllable = consumer as? any RemoteControllable {
                controllable.answerControl { [weak self] request in await self?.answer(request) }
            }
            // Before the first task is taken.
            if let following = consumer as? any OrderFollowing { try await takeOrders(of: following, settler(for: consumer)) }
            var configuration = configuration.pool
            configuration.flightRecord = (consumer as? any FlightRecording)?.makeFlightRecord()
            pool = try Pool(configuration)
        } catch {
            await consumer.close()
            throw error
        }
        self.pool = pool
        self.consumer = consumer
        if shutdown != nil { pool.finish() }
        let settler = settler(for: consumer)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.consume(from: consumer, pool, settler, onReady) }
            group.addTask { await self.keepHouse(consumer) }
            group.addTask { await self.followNotices(consumer) }
            group.addTask { await self.tellProgress(settler) }
            group.addTask { await self.tellMonitors() }
            group.addTask { await self.autoscale(consumer) }
            group.addTask { await self.followOrders(consumer, settler) }
            await self.follow(pool, consumer, settler)
            group.cancelAll()
        }
        // Taken while the pool was going, and never begun: closing gives back the others.
        let lost = inFlight.values.filter(\.isAcknowledged).map(\.again)
        await settle(lost, acknowledgedSettler(beside: settler))
        await leaveAllPlaces()
        self.consumer = nil
        await consumer.close()
        await events?.close()
        if let failure { throw failure }
    }

    /// Asks the worker to stop; a cold shutdown may follow a warm one.
    package func stop(_ how: Shutdown) {
        guard shutdown.map({ $0 < how }) ?? true else { return }
        shutdown = how
        lastSuccess = .now
        waiting?.cancel()
        room.ring()
        stopping.ring()
        switch how {
        case .warm:
            pool?.drain()
            finishIfDone()
            if let limit = configuration.shutdownTimeout { stopNow(after: limit) }
        case .cold:
            pool?.kill()
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
        guard shutdown == .warm else { return }
        log.ranOutOfTime(inFlight.values.filter { $0.began != nil }.map(\.delivery))
        stop(.cold)
    }

    /// Tells those who watch.
    func tell(_ moment: TaskMoment) {
        let time = now()
        for watcher in watchers { watcher.note(moment, at: time) }
    }

    /// Adds children, or takes some away with a negative number.
    package func grow(by count: Int) {
        prefetch.children = max(1, prefetch.children + count)
        pool?.grow(by: count)
        room.ring()
    }

    /// Stops now, with an error: what runs can no longer be recorded.
    func fail(_ reason: String) {
        failure = WorkerError(description: reason)
        stop(.cold)
    }

    /// The pool may go when nothing is with it any more.
    func finishIfDone() {
        if shutdown == .warm && inFlight.isEmpty { pool?.finish() }
    }

    func settler(for consumer: any BrokerConsumer) -> any Settler {
        if let atomic = consumer as? any AtomicSettling, store.map({ atomic.settlesInto($0) }) ?? true {
            return AtomicSettler(consumer: atomic, refusals: refusals)
        }
        return OrderedSettler(records: records, consumer: consumer)
    }

    /// For what was acknowledged before it ran.
    func acknowledgedSettler(beside settler: any Settler) -> AcknowledgedSettler {
        AcknowledgedSettler(records: records, mayGiveUp: settler.mayGiveUp)
    }

    var records: Records { Records(broker: broker, store: store, refusals: refusals) }

    private var refusals: Refusals { Refusals(log: log, worker: configuration.identity.name, now: now) }
}
