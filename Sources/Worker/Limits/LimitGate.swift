import CeleryCore
import Tasks
import Wire

/// Passes deliveries whose tasks may begin now.
///
/// A task with limits is checked before it takes a slot in the pool: by a broker that enforces limits across all its workers,
/// otherwise by `WorkerLimits`. Tasks without limits pass unchecked. A message whose task file is changing waits in `FileWait`
/// before its limits are known.
final class LimitGate {
    private let parts: ShiftParts
    private let slots: SlotLedger
    private let recorder: Recorder

    /// Deliveries that wait in this worker for their limits.
    private var limits = WorkerLimits()
    /// Deliveries that wait for the files of their tasks.
    private let fileWait: FileWait
    /// Rates set by operators, by task.
    private var rates: [String: RateSetting] = [:]

    init(_ parts: ShiftParts, _ slots: SlotLedger, _ recorder: Recorder) {
        self.parts = parts
        self.slots = slots
        self.recorder = recorder
        fileWait = FileWait(parts)
    }

    // MARK: Taking

    /// Returns deliveries that may begin now: waiting ones if their limits allow, otherwise new ones from the broker.
    ///
    /// - Throws: `DriverError` of the broker.
    nonisolated(nonsending) func take(_ maximum: Int) async throws -> [Delivery] {
        let arrived = fileWait.release(maximum)
        if !arrived.isEmpty { return await pass(arrived) }
        if limits.count > 0 {
            let now = parts.now()
            // Expired and revoked tasks only end, and need not wait for that.
            let over = limits.pop { isOver($0.message, now) }
            var running = self.running
            let held = limits.release(maximum, &running, canPostpone: parts.powers.postponing != nil, now: now)
            await postpone(held.postpone)
            let begin = over + (await withSlots(held.begin))
            if !begin.isEmpty { return begin }
        }
        return await pass(fileWait.pass(try await parts.powers.consumer.take(maximum)))
    }

    /// Returns the deliveries that may begin. The others wait for their limits.
    private nonisolated(nonsending) func pass(_ deliveries: [Delivery]) async -> [Delivery] {
        guard hasLimits else { return deliveries }
        let now = parts.now()
        var free: [Delivery] = []
        var asked: [(delivery: Delivery, limit: TaskLimit)] = []
        for delivery in deliveries {
            // A message redelivered while its task runs here must not wait for its own slot.
            let isRunning = delivery.mayRepeat && parts.jobs.job(of: delivery.message.id) != nil
            if !isRunning, let limit = limit(of: delivery.message, now) { asked.append((delivery, limit)) } else { free.append(delivery) }
        }
        guard !asked.isEmpty else { return deliveries }
        if let keeper = parts.powers.limits {
            do {
                let answers = try await keeper.admit(asked.map { ($0.delivery.handle, $0.limit) })
                return free + zip(asked, answers).compactMap { $1 ? $0.delivery : nil }
            } catch {
                parts.log.brokerTrouble("cannot check the limits of tasks", error)
                await recorder.giveBack(asked.map(\.delivery.handle), .unbegun)
                return free
            }
        }
        var running = self.running
        let decision = limits.admit(asked, &running, canPostpone: parts.powers.postponing != nil, now: now)
        await postpone(decision.postpone)
        return free + (await withSlots(decision.begin))
    }

    private nonisolated(nonsending) func postpone(_ deliveries: [Postponement]) async {
        guard !deliveries.isEmpty, let postponing = parts.powers.postponing else { return }
        do {
            _ = try await postponing.postpone(deliveries)
        } catch {
            parts.log.brokerTrouble("cannot postpone tasks until their limits allow them", error)
            await recorder.giveBack(deliveries.map(\.handle), .unbegun)
        }
    }

    /// Returns the deliveries that get a slot from the result store, where the workers count slots. The others keep waiting.
    private nonisolated(nonsending) func withSlots(_ deliveries: [Delivery]) async -> [Delivery] {
        guard !deliveries.isEmpty, parts.powers.slots != nil else { return deliveries }
        let now = parts.now()
        let asked = deliveries.compactMap { delivery -> (delivery: Delivery, limit: TaskLimit)? in
            limit(of: delivery.message, now).flatMap { $0.slots == nil ? nil : (delivery: delivery, limit: $0) }
        }
        guard !asked.isEmpty else { return deliveries }
        let (answers, look) = await slots.claim(asked)
        let refused = zip(asked, answers).compactMap { $1 ? nil : $0 }
        limits.putBack(refused, until: Timestamp(seconds: now.seconds + look), now: now)
        let away = Set(refused.map(\.delivery.handle))
        return away.isEmpty ? deliveries : deliveries.filter { !away.contains($0.handle) }
    }

    // MARK: Waiting deliveries

    var isEmpty: Bool { limits.count == 0 && fileWait.held.isEmpty }

    /// Whether too many deliveries wait for files to take others.
    var isFull: Bool { fileWait.isFull }

    /// Whether any delivery waits for its file.
    var waitsForFiles: Bool { !fileWait.held.isEmpty }

    /// The messages that wait in this worker.
    var waiting: [Message] { limits.held.map(\.delivery.message) + fileWait.held.map(\.message) }

    /// When to check the waiting deliveries again; `nil` when there are none.
    var nextLook: Timestamp? {
        let limit = limits.count == 0 ? nil : limits.nextLook(running, now: parts.now())
        return [limit, waitsForFiles ? parts.registry.files?.nextLook : nil].compactMap { $0 }.min()
    }

    /// Removes and returns waiting deliveries that match.
    func pop(where matches: (Delivery) -> Bool) -> [Delivery] { limits.pop(where: matches) + fileWait.pop(where: matches) }

    /// Applies the new limits of tasks whose files have changed to the deliveries that wait in this worker.
    func noteChange(of tasks: Set<String>) {
        let now = parts.now()
        // What waits for a limit of a task that has vanished waits for the task to return.
        fileWait.hold(limits.pop { parts.registry[$0.message.task] == nil })
        limits.change { tasks.contains($0.message.task) ? (limit(of: $0.message, now) ?? TaskLimit(task: $0.message.task)) : nil }
        parts.wait.end()
    }

    /// Notes that a job has left the pool and its slot is free.
    func noteEnd(of job: Job) {
        guard hasLimits, let limit = limit(of: job) else { return }
        if let began = job.began { limits.noteEnd(of: limit, after: max(0, (parts.now() - began).inSeconds)) }
        if !isEmpty { parts.wait.end() }
    }

    /// Releases the slots whose jobs have left the pool.
    ///
    /// - Parameter haveAdmitted: Whether no delivery with a slot is still to become a job.
    nonisolated(nonsending) func leaveSlots(haveAdmitted: Bool = false) async {
        guard await slots.leave(except: Set(parts.jobs.all.compactMap(\.slot)), haveAdmitted: haveAdmitted) else { return }
        limits.noteSlotLeft()
        parts.wait.end()
    }

    /// The limit that a task waits for; `nil` when the task does not wait in this worker.
    nonisolated(nonsending) func wait(of id: TaskID) async -> LimitWait? {
        guard let (delivery, limit) = limits.held.first(where: { $0.delivery.message.id == id }) else { return nil }
        let name = WorkerLimits.LineName(limit)
        if let most = limit.slots, running[name] ?? 0 >= most || limits.isTaken(limit, now: parts.now()) {
            let own = parts.jobs.all.filter { self.limit(of: $0).map(WorkerLimits.LineName.init) == name }.map(\.id)
            let holders = await slots.holders(of: limit) ?? own
            return .slot(task: limit.task, key: limit.key, of: most, heldBy: holders)
        }
        if let rate = limit.rate, let next = limits.nextBeginning(limit, now: parts.now()) {
            return .rate(task: delivery.message.task, interval: rate.interval, next: next)
        }
        return .turn(task: limit.task, key: limit.key)
    }

    // MARK: Limits

    /// The number of jobs in this worker, by task and key.
    private var running: [WorkerLimits.LineName: Int] {
        var running: [WorkerLimits.LineName: Int] = [:]
        for job in parts.jobs.all {
            if let limit = limit(of: job) { running[WorkerLimits.LineName(limit), default: 0] += 1 }
        }
        return running
    }

    /// Stores in a job how its slot is counted.
    func mark(_ job: Job) {
        guard job.definition.terms.concurrency != nil else { return }
        job.concurrencyKey = concurrencyKey(of: job.message, job.definition.options)
        job.slot = job.delivery.handle
    }

    /// The concurrency limit of a job; `nil` when its task has none.
    private func limit(of job: Job) -> TaskLimit? {
        guard let concurrency = job.definition.terms.concurrency else { return nil }
        return TaskLimit(task: job.message.task, slots: concurrency, key: job.concurrencyKey ?? "")
    }

    /// Whether a message is expired or revoked, and so needs no limits.
    private func isOver(_ message: Message, _ now: Timestamp) -> Bool {
        if let expires = message.expires, expires < now { return true }
        return parts.revocations.covers(message, now: now)
    }

    /// Whether any task has limits. If not, deliveries pass without a look at their tasks.
    private var hasLimits: Bool { parts.configuration.defaultRate != nil || parts.registry.hasLimits || !rates.isEmpty }

    /// The limit of a message; `nil` when the message may begin at once.
    private func limit(of message: Message, _ now: Timestamp) -> TaskLimit? {
        guard let definition = parts.registry[message.task] else { return nil }
        let rate = rate(of: message.task, definition.terms)
        let concurrency = definition.terms.concurrency
        guard rate != nil || concurrency != nil, !isOver(message, now) else { return nil }
        let key = concurrency == nil ? nil : concurrencyKey(of: message, definition.options)
        return TaskLimit(task: message.task, rate: rate, slots: concurrency, key: key ?? "", expires: message.expires)
    }

    /// The limits counted by task name alone, and whether these are all limits.
    var knownLimits: (byName: [String: TaskLimit], areAll: Bool) {
        guard hasLimits else { return ([:], true) }
        var limits: [String: TaskLimit] = [:]
        var areAll = true
        for (task, options, terms) in parts.registry.tasks.sorted.map({ ($0.name, $0.options, $0.terms) }) {
            let rate = rate(of: task, terms)
            guard rate != nil || options.concurrency != nil else { continue }
            if options.concurrency != nil, options.concurrencyKey != nil {
                areAll = false
            } else {
                limits[task] = TaskLimit(task: task, rate: rate, slots: options.concurrency)
            }
        }
        return (limits, areAll)
    }

    /// The last rate set by an operator, else that of the task's options, else the default.
    private func rate(of task: String, _ terms: TaskTerms) -> RateLimit? {
        if parts.configuration.disablesRates { return nil }
        return (rates[task] ?? terms.rateLimit ?? parts.configuration.defaultRate)?.limit
    }

    /// The value by which the slots of a task are counted: a header of the message, else the argument that the task's options name.
    private func concurrencyKey(of message: Message, _ options: TaskOptions) -> String? {
        if case .some(.some(let key)) = CommonOptions.table.concurrencyKey.heard(in: message) { return key }
        guard let argument = options.concurrencyKey, let arguments = try? BodyCodec.decode(message.body) else { return nil }
        let value = arguments.kwargs[argument]
            ?? Int(argument).flatMap { arguments.args.indices.contains($0) ? arguments.args[$0] : nil }
        return value?.displayText
    }

    // MARK: Rates

    /// Announces the rates of tasks to a broker that enforces them.
    ///
    /// - Throws: `DriverError` of the broker.
    nonisolated(nonsending) func announceRates() async throws {
        guard let keeper = parts.powers.limits else { return }
        let rates = parts.registry.tasks.sorted.map { ($0.name, rate(of: $0.name, $0.terms)) }
        try await keeper.announce(rates: Dictionary(uniqueKeysWithValues: rates))
    }

    /// Changes the rate of a task until this worker ends.
    ///
    /// - Throws: `DriverError` when the broker enforces rates and cannot be reached.
    nonisolated(nonsending) func setRate(_ rate: RateSetting, of task: String) async throws {
        if let keeper = parts.powers.limits { try await keeper.setRate(rate.limit, of: task) }
        rates[task] = rate
        limits.setRate(rate.limit, of: task)
        parts.log.rateChanged(task, rate.limit)
        parts.wait.end()
    }
}
