import CeleryCore
import DequeModule

/// Rates and concurrency slots of one worker, for brokers that enforce no limits. Each worker counts its own tasks, as Python's
/// workers do.
///
/// Holds deliveries that are due and may not begin yet, in a waiting list for each task and key. Holds only a few deliveries,
/// and none for long, because a broker requeues a delivery that a worker holds for too long. The other deliveries are
/// postponed, and return about every `lookInterval`, so that a lifted rate, an expiry or a revocation takes effect soon.
/// There is no list of postponed messages, since some may be purged or go to other workers. Instead, a returned message is
/// held before messages that have waited for a shorter time.
struct WorkerLimits {
    struct LineName: Hashable {
        var task: String
        var key: String

        init(_ limit: TaskLimit) {
            task = limit.task
            key = limit.key
        }
    }

    private struct Held {
        var delivery: Delivery
        var limit: TaskLimit
        /// When the message first had to wait.
        var since: Timestamp
        /// When this delivery arrived.
        var arrived: Timestamp
    }

    /// The waiting lists.
    private var lists: [LineName: Deque<Held>] = [:]
    /// The keys of `lists`, in order of creation.
    private var order: [LineName] = []
    private(set) var count = 0
    private var buckets: [String: TokenTime] = [:]
    /// The latest time to which a message of a list was postponed.
    private var postponed: [LineName: Timestamp] = [:]
    /// Arrival times of the deliveries that the last `release` let begin: a delivery that is put back keeps its arrival time.
    private var released: [DeliveryHandle: Timestamp] = [:]
    /// Lists whose slots other workers hold, with the time of the next claim.
    private var taken: [LineName: Timestamp] = [:]
    /// The latest time to which a message was postponed only for a look.
    private var lastLook = Timestamp(seconds: 0)
    /// Moving average of the seconds that a task holds a slot.
    private var durations: [LineName: Double] = [:]

    /// The maximum number of held deliveries.
    static let room = 200
    /// The maximum number of seconds to hold a delivery.
    static let patience = 60.0
    /// The maximum number of seconds to postpone a delivery: well below `patience`, so that all postponed messages have
    /// returned by the time the next task may begin.
    static let lookInterval = 20.0
    /// Limits how many postponed messages return in a second: with more messages, each returns less often.
    static let looksPerSecond = 200.0
    /// The minimum number of seconds to postpone a delivery.
    private static let shortestWait = 3.0

    /// What to do with deliveries.
    struct Decision {
        var begin: [Delivery] = []
        var postpone: [Postponement] = []
    }

    /// Decides about new deliveries.
    ///
    /// - Parameter running: The number of slots in use, by task and key.
    mutating func admit(
        _ deliveries: [(delivery: Delivery, limit: TaskLimit)], _ running: inout [LineName: Int], canPostpone: Bool, now: Timestamp
    ) -> Decision {
        var decision = Decision()
        for (delivery, limit) in deliveries {
            let name = LineName(limit)
            // A redelivery: the earlier handle is no longer valid.
            if let index = lists[name]?.firstIndex(where: { $0.delivery.message.id == delivery.message.id }) {
                lists[name]?[index].delivery = delivery
            } else if lists[name] == nil, mayBegin(limit, running, now) {
                begin(limit, &running, now)
                decision.begin.append(delivery)
            } else {
                hold(Held(delivery: delivery, limit: limit, since: min(delivery.waitsSince ?? now, now), arrived: now), name)
                if canPostpone { postponeSurplus(name, &decision, now) }
            }
        }
        return decision
    }

    /// Postpones deliveries at the end of a list that would be held for too long.
    private mutating func postponeSurplus(_ name: LineName, _ decision: inout Decision, _ now: Timestamp) {
        while let list = lists[name], let last = list.last,
            count > Self.room || wait(last.limit, behind: list.count - 1, now) > Self.patience
        {
            decision.postpone.append(postponement(last, name, behind: list.count - 1, now))
            lists[name]?.removeLast()
            if lists[name]?.isEmpty == true {
                lists[name] = nil
                order.removeAll { $0 == name }
            }
            count -= 1
        }
    }

    /// Releases up to `maximum` held deliveries that may begin now, and postpones deliveries that were held for too long.
    mutating func release(_ maximum: Int, _ running: inout [LineName: Int], canPostpone: Bool, now: Timestamp) -> Decision {
        var decision = Decision()
        released = [:]
        guard count > 0 else { return decision }
        if !taken.isEmpty { taken = taken.filter { $0.value > now } }
        for name in order {
            while let first = lists[name]?.first, decision.begin.count < maximum, mayBegin(first.limit, running, now) {
                begin(first.limit, &running, now)
                var delivery = first.delivery
                delivery.waitsSince = first.since
                released[delivery.handle] = first.arrived
                decision.begin.append(delivery)
                drop(name)
            }
            guard canPostpone, let list = lists[name] else { continue }
            let overdue = list.filter { now.seconds - $0.arrived.seconds > Self.patience }
            guard !overdue.isEmpty else { continue }
            for (index, held) in overdue.enumerated() { decision.postpone.append(postponement(held, name, behind: index, now)) }
            let rest = list.filter { now.seconds - $0.arrived.seconds <= Self.patience }
            lists[name] = rest.isEmpty ? nil : Deque(rest)
            count -= overdue.count
        }
        order.removeAll { lists[$0] == nil }
        return decision
    }

    /// When `release` may find something, unless a slot becomes free before; `nil` when nothing is held.
    func nextLook(_ running: [LineName: Int], now: Timestamp) -> Timestamp? {
        var next: Timestamp?
        for (name, list) in lists {
            guard let first = list.first else { continue }
            var time = Timestamp(seconds: (list.map(\.arrived.seconds).min() ?? 0) + Self.patience + 0.1)
            // Expired messages are settled at once.
            if let expires = list.compactMap(\.delivery.message.expires).min() { time = min(time, Timestamp(seconds: expires.seconds + 0.001)) }
            if hasSlot(first.limit, running[name] ?? 0) {
                let others = [bucket(first.limit)?.time(now: now), taken[name]].compactMap { $0 }
                if let last = others.max() { time = min(time, last) }
            }
            next = next.map { min($0, time) } ?? time
        }
        return next
    }

    /// Puts back released deliveries that got no slot, before deliveries that have waited equally long.
    ///
    /// - Parameter time: When to claim a slot again, unless one becomes free in this worker.
    mutating func putBack(_ deliveries: [(delivery: Delivery, limit: TaskLimit)], until time: Timestamp, now: Timestamp) {
        for (delivery, limit) in deliveries.reversed() {
            let name = LineName(limit)
            if limit.rate != nil { buckets[limit.task]?.putBack() }
            let arrived = released[delivery.handle] ?? now
            hold(Held(delivery: delivery, limit: limit, since: delivery.waitsSince ?? now, arrived: arrived), name, isFirst: true)
            taken[name] = time
        }
    }

    /// Notes that a slot became free in the result store.
    mutating func noteSlotLeft() { taken = [:] }

    /// Whether other workers hold the slots of a limit.
    func isTaken(_ limit: TaskLimit, now: Timestamp) -> Bool { taken[LineName(limit)].map { $0 > now } ?? false }

    /// Removes and returns held deliveries that match, list by list.
    mutating func pop(where matches: (Delivery) -> Bool) -> [Delivery] {
        var found: [Delivery] = []
        for name in order {
            guard let list = lists[name] else { continue }
            found += list.map(\.delivery).filter(matches)
            let rest = list.filter { !matches($0.delivery) }
            lists[name] = rest.isEmpty ? nil : Deque(rest)
        }
        order.removeAll { lists[$0] == nil }
        count -= found.count
        return found
    }

    /// The held deliveries, list by list.
    var held: [(delivery: Delivery, limit: TaskLimit)] {
        order.flatMap { (lists[$0] ?? []).map { ($0.delivery, $0.limit) } }
    }

    /// When the rate allows the next start; `nil` when the rate allows one now.
    func nextBeginning(_ limit: TaskLimit, now: Timestamp) -> Timestamp? {
        bucket(limit).map { $0.time(now: now) }.flatMap { $0 > now ? $0 : nil }
    }

    /// Notes that a task has released its slot after `seconds`.
    mutating func noteEnd(of limit: TaskLimit, after seconds: Double) {
        guard limit.slots != nil else { return }
        let name = LineName(limit)
        let old = durations[name] ?? seconds
        // The number of keys is unlimited: a key may be a customer's id.
        if durations.count > 10_000 { durations = [:] }
        durations[name] = old + (seconds - old) / 8
    }

    /// Gives held deliveries other limits.
    ///
    /// - Parameter newLimit: The limit of a delivery; `nil` leaves it as it is.
    mutating func change(_ newLimit: (Delivery) -> TaskLimit?) {
        let all = order.flatMap { lists[$0] ?? [] }
        lists = [:]
        order = []
        count = 0
        for var held in all {
            if let limit = newLimit(held.delivery) {
                held.limit = limit
                if let rate = limit.rate { buckets[limit.task]?.change(to: rate.interval) } else { buckets[limit.task] = nil }
                postponed[LineName(limit)] = nil
            }
            hold(held, LineName(held.limit))
        }
    }

    /// Changes the rate of a task.
    mutating func setRate(_ rate: RateLimit?, of task: String) {
        for name in order where name.task == task {
            for index in lists[name]?.indices ?? 0..<0 { lists[name]?[index].limit.rate = rate }
        }
        if let rate { buckets[task]?.change(to: rate.interval) } else { buckets[task] = nil }
        postponed = postponed.filter { $0.key.task != task }
    }

    // MARK: One delivery

    private func hasSlot(_ limit: TaskLimit, _ running: Int) -> Bool { limit.slots.map { running < $0 } ?? true }

    /// The current token bucket of a task; `nil` without a rate.
    private func bucket(_ limit: TaskLimit) -> TokenTime? {
        limit.rate.map { buckets[limit.task] ?? TokenTime(interval: $0.interval) }
    }

    private func mayBegin(_ limit: TaskLimit, _ running: [LineName: Int], _ now: Timestamp) -> Bool {
        guard hasSlot(limit, running[LineName(limit)] ?? 0), taken.isEmpty || !isTaken(limit, now: now) else { return false }
        return bucket(limit).map { $0.time(now: now) <= now } ?? true
    }

    private mutating func begin(_ limit: TaskLimit, _ running: inout [LineName: Int], _ now: Timestamp) {
        running[LineName(limit), default: 0] += 1
        guard let rate = limit.rate, var bucket = bucket(limit) else { return }
        bucket.change(to: rate.interval)
        _ = bucket.take(now: now)
        buckets[limit.task] = bucket
    }

    /// Inserts a delivery into its list by waiting time, behind deliveries with an equal time, or before them if `isFirst`.
    private mutating func hold(_ held: Held, _ name: LineName, isFirst: Bool = false) {
        if lists[name] == nil { order.append(name) }
        let list = lists[name] ?? []
        let index = isFirst
            ? list.firstIndex { $0.since >= held.since } ?? list.endIndex
            : list.lastIndex { $0.since <= held.since }.map { $0 + 1 } ?? list.startIndex
        lists[name, default: []].insert(held, at: index)
        count += 1
    }

    private mutating func drop(_ name: LineName) {
        lists[name]?.removeFirst()
        if lists[name]?.isEmpty == true { lists[name] = nil }
        count -= 1
    }

    /// Seconds until the rate allows the start of a delivery that has `others` before it.
    private func wait(_ limit: TaskLimit, behind others: Int, _ now: Timestamp) -> Double {
        guard let bucket = bucket(limit) else { return 0 }
        return max(0, (bucket.time(now: now) - now).inSeconds) + Double(others) * bucket.interval
    }

    /// When a postponed delivery returns: at its estimated start, but no later than the next look.
    private mutating func postponement(_ held: Held, _ name: LineName, behind others: Int, _ now: Timestamp) -> Postponement {
        let (limit, expires) = (held.limit, held.delivery.message.expires)
        let bySlots = limit.slots.map { min(Self.patience, durations[name] ?? 0.1) / Double($0) } ?? 0
        let spacing = max(bySlots, limit.rate?.interval ?? 0)
        let delay = max(wait(limit, behind: others, now), Double(others) * bySlots)
        let turn = max(now.seconds + delay, (postponed[name]?.seconds ?? 0) + spacing)
        var until = max(now.seconds + Self.shortestWait, turn)
        let look = max(now.seconds + Self.lookInterval, lastLook.seconds + 1 / Self.looksPerSecond)
        if let expires, expires.seconds < min(until, look) {
            return Postponement(held.delivery.handle, until: max(now, expires), since: held.since)
        }
        if until >= look {
            until = look
            lastLook = Timestamp(seconds: look)
        }
        if postponed.count > 10_000 { postponed = [:] }
        postponed[name] = Timestamp(seconds: until)
        return Postponement(held.delivery.handle, until: Timestamp(seconds: until), since: held.since)
    }
}
