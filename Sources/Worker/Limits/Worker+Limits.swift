package import CeleryCore
import Tasks
import Wire

// A task with limits is asked for before it takes a place in the pool: at the broker, where that counts for all its
// workers, else of `WorkerLimits`. Tasks without limits pass by.
extension Worker {
    /// The header by which a submitter says by what places are counted, instead of the task's own option.
    static let concurrencyKeyHeader = "concurrency_key"

    /// Takes what there is room for, and gives what of it may begin now.
    func takeWithinLimits(_ space: Int, _ consumer: any BrokerConsumer, _ settler: any Settler) async throws -> [Delivery] {
        if limits.count > 0 {
            let now = self.now()
            // These only end, and need no turn for that.
            let over = limits.pop { isOver($0.message, now) }
            var running = self.running
            let held = limits.release(space, &running, canPostpone: consumer is any Postponing, now: now)
            await postpone(held.postpone, consumer, settler)
            let begin = over + (await withPlaces(held.begin, consumer))
            if !begin.isEmpty { return begin }
        }
        return await withinLimits(try await consumer.take(space), consumer, settler)
    }

    /// Those of the deliveries that may begin; the others wait for their limits.
    private func withinLimits(_ deliveries: [Delivery], _ consumer: any BrokerConsumer, _ settler: any Settler) async -> [Delivery] {
        guard hasLimits else { return deliveries }
        let now = self.now()
        var free: [Delivery] = []
        var asked: [(delivery: Delivery, limit: TaskLimit)] = []
        for delivery in deliveries {
            // One that comes again while it runs here is not to wait for itself.
            let isRunning = mayRepeat(delivery) && inFlight.values.contains { $0.delivery.message.id == delivery.message.id }
            if !isRunning, let limit = limit(of: delivery.message, now) { asked.append((delivery, limit)) } else { free.append(delivery) }
        }
        guard !asked.isEmpty else { return deliveries }
        if let keeper = consumer as? any LimitKeeping {
            do {
                let answers = try await keeper.admit(asked.map { ($0.delivery.handle, $0.limit) })
                return free + zip(asked, answers).compactMap { $1 ? $0.delivery : nil }
            } catch {
                log.brokerTrouble("cannot ask whether tasks with limits may begin", error)
                await giveBack(asked.map(\.delivery.handle), started: false, consumer, settler)
                return free
            }
        }
        var running = self.running
        let decision = limits.admit(asked, &running, canPostpone: consumer is any Postponing, now: now)
        await postpone(decision.postpone, consumer, settler)
        return free + (await withPlaces(decision.begin, consumer))
    }

    private func postpone(_ deliveries: [Postponement], _ consumer: any BrokerConsumer, _ settler: any Settler) async {
        guard !deliveries.isEmpty, let postponing = consumer as? any Postponing else { return }
        do {
            _ = try await postponing.postpone(deliveries)
        } catch {
            log.brokerTrouble("cannot keep back tasks until their limits allow them", error)
            await giveBack(deliveries.map(\.handle), started: false, consumer, settler)
        }
    }

    /// Whether a message is not to run any more: it takes nobody's turn.
    private func isOver(_ message: Message, _ now: Timestamp) -> Bool {
        if let expires = message.expires, expires < now { return true }
        return !revocations.isEmpty && revocations.first(covering: message, now: now) != nil
    }

    /// What a delivery that this worker holds waits for; `nil` when it holds none of this id for its limits.
    package func limitWait(of id: TaskID) async -> LimitWait? {
        guard let (delivery, limit) = limits.held.first(where: { $0.delivery.message.id == id }) else { return nil }
        let name = WorkerLimits.LineName(limit)
        if let places = limit.places, running[name] ?? 0 >= places || limits.isTaken(limit, now: now()) {
            let own = inFlight.values.filter { self.limit(of: $0).map(WorkerLimits.LineName.init) == name }
            let holders = await placeHolders(of: limit) ?? own.map(\.delivery.message.id)
            return .place(task: limit.task, key: limit.key, of: places, heldBy: holders)
        }
        if let rate = limit.rate, let next = limits.nextBeginning(limit, now: now()) {
            return .rate(task: delivery.message.task, interval: rate.interval, next: next)
        }
        return .turn(task: limit.task, key: limit.key)
    }

    /// When held deliveries are to be looked at again.
    var nextLimitLook: Timestamp? { limits.count > 0 ? limits.nextLook(running, now: now()) : nil }

    /// How many of each line run here.
    private var running: [WorkerLimits.LineName: Int] {
        var running: [WorkerLimits.LineName: Int] = [:]
        for entry in inFlight.values {
            if let limit = limit(of: entry) { running[WorkerLimits.LineName(limit), default: 0] += 1 }
        }
        return running
    }

    /// The limit of what runs, if it has a place.
    private func limit(of entry: InFlight) -> TaskLimit? {
        guard let places = entry.definition.options.concurrency else { return nil }
        return TaskLimit(task: entry.delivery.message.task, places: places, key: entry.concurrencyKey ?? "")
    }

    /// What was held for its limits may begin when this one ends.
    func noteEnd(_ entry: InFlight) {
        guard hasLimits, let limit = limit(of: entry) else { return }
        if let began = entry.began { limits.noteEnd(of: limit, after: max(0, (now() - began).inSeconds)) }
        if limits.count > 0 { waiting?.cancel() }
    }

    /// Whether any task has limits: else nothing is looked up.
    private var hasLimits: Bool { hasLimitedTasks || !rates.isEmpty }

    /// Whether a task of the project has limits.
    static func hasLimitedTasks(_ registry: TaskRegistry, _ configuration: WorkerConfiguration) -> Bool {
        configuration.defaultRate != nil
            || registry.sorted.contains { $0.options.rateLimit != nil || $0.options.concurrency != nil }
    }

    /// What a message has to wait for; `nil` when it may begin at once.
    func limit(of message: Message, _ now: Timestamp) -> TaskLimit? {
        guard let options = registry[message.task]?.options else { return nil }
        let rate = rate(of: message.task, options)
        guard rate != nil || options.concurrency != nil, !isOver(message, now) else { return nil }
        let key = options.concurrency == nil ? nil : concurrencyKey(of: message, options)
        return TaskLimit(task: message.task, rate: rate, places: options.concurrency, key: key ?? "", expires: message.expires)
    }

    /// The limits that are counted by the name of the task alone, and whether there are no others.
    var knownLimits: (byName: [String: TaskLimit], areAll: Bool) {
        guard hasLimits else { return ([:], true) }
        var limits: [String: TaskLimit] = [:]
        var areAll = true
        for (task, options) in registry.sorted.map({ ($0.name, $0.options) }) {
            let rate = rate(of: task, options)
            guard rate != nil || options.concurrency != nil else { continue }
            if options.concurrency != nil, options.concurrencyKey != nil {
                areAll = false
            } else {
                limits[task] = TaskLimit(task: task, rate: rate, places: options.concurrency)
            }
        }
        return (limits, areAll)
    }

    /// Tells the broker, if it keeps rates, what the options of tasks say.
    func announceRates(to consumer: any BrokerConsumer) async throws {
        guard let keeper = consumer as? any LimitKeeping else { return }
        let rates = registry.sorted.map { ($0.name, rate(of: $0.name, $0.options)) }
        try await keeper.announce(rates: Dictionary(uniqueKeysWithValues: rates))
    }

    /// What an operator said of it last, else its options, else the default.
    private func rate(of task: String, _ options: TaskOptions) -> RateLimit? {
        if configuration.disablesRates { return nil }
        return (rates[task] ?? options.rateLimit ?? configuration.defaultRate)?.limit
    }

    /// By what the places of a task are counted: a header of the message, else the argument that the task names.
    func concurrencyKey(of message: Message, _ options: TaskOptions) -> String? {
        if let key = message.headers[Self.concurrencyKeyHeader], !key.isNull { return key.displayText }
        guard let argument = options.concurrencyKey, let arguments = try? BodyCodec.decode(message.body) else { return nil }
        let value = arguments.kwargs[argument]
            ?? Int(argument).flatMap { arguments.args.indices.contains($0) ? arguments.args[$0] : nil }
        return value?.displayText
    }
}
