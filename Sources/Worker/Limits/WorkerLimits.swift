import CeleryCore
import DequeModule

/// Rates and places of one worker, for brokers that keep none: each worker by itself, as Python's do.
///
/// Holds the deliveries that are due and may not begin yet, in lines by task and key. It never holds many, nor one for
/// long, for a broker takes back what a worker keeps without a word; the others are to be postponed. Never for long
/// either: each comes by every so often, so that a rate that is lifted, an expiry or a revocation is felt soon. Nobody
/// keeps a list of what is postponed, of which some may be purged, and some with other workers: those that have waited
/// longest are held when the next may begin, in place of those that came later.
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
        /// When it was made to wait first.
        var since: Timestamp
        /// When it came here.
        var arrived: Timestamp
    }

    private var lines: [LineName: Deque<Held>] = [:]
    /// The names of lines, by who came first.
    private var order: [LineName] = []
    private(set) var count = 0
    private var buckets: [String: TokenTime] = [:]
    /// Until when the last of a line was postponed.
    private var postponed: [LineName: Timestamp] = [:]
    /// When those came that the last release let begin: one that is put back was held all the time.
    private var released: [DeliveryHandle: Timestamp] = [:]
    /// Lines whose places others have, and when to ask again.
    private var taken: [LineName: Timestamp] = [:]
    /// When the last of those comes by that only come to be looked at.
    private var lastLook = Timestamp(seconds: 0)
    /// Moving average of the seconds that those with a place keep it.
    private var durations: [LineName: Double] = [:]

    /// Deliveries that are held at most.
    static let room = 200
    /// Seconds that one is held at most.
    static let patience = 60.0
    /// Seconds after which one that is postponed comes by again, at most: well below `patience`, so that all have come by
    /// when the next may begin.
    static let lookInterval = 20.0
    /// No more than so many a second come by: a longer line does so more seldom.
    static let looksPerSecond = 200.0
    /// Seconds that one is postponed at least.
    private static let shortestWait = 3.0

    /// What to do with deliveries.
    struct Decision {
        var begin: [Delivery] = []
        /// To come again at these times.
        var postpone: [Postponement] = []
    }

    /// - Parameter running: how many of each line have a place now.
    mutating func admit(
        _ deliveries: [(delivery: Delivery, limit: TaskLimit)], _ running: inout [LineName: Int], canPostpone: Bool, now: Timestamp
    ) -> Decision {
        var decision = Decision()
        for (delivery, limit) in deliveries {
            let name = LineName(limit)
            // It came again; the earlier handle is good for nothing.
            if let place = lines[name]?.firstIndex(where: { $0.delivery.message.id == delivery.message.id }) {
                lines[name]?[place].delivery = delivery
            } else if lines[name] == nil, mayBegin(limit, running, now) {
                begin(limit, &running, now)
                decision.begin.append(delivery)
            } else {
                hold(Held(delivery: delivery, limit: limit, since: min(delivery.waitsSince ?? now, now), arrived: now), name)
                if canPostpone { postponeSurplus(name, &decision, now) }
            }
        }
        return decision
    }

    /// Those at the end of a line that would have to wait for too long.
    private mutating func postponeSurplus(_ name: LineName, _ decision: inout Decision, _ now: Timestamp) {
        while let line = lines[name], let last = line.last,
            count > Self.room || wait(last.limit, behind: line.count - 1, now) > Self.patience
        {
            decision.postpone.append(postponement(last, name, behind: line.count - 1, now))
            lines[name]?.removeLast()
            if lines[name]?.isEmpty == true {
                lines[name] = nil
                order.removeAll { $0 == name }
            }
            count -= 1
        }
    }

    /// Those held that may begin now, up to `maximum`, and those that were held for too long.
    mutating func release(_ maximum: Int, _ running: inout [LineName: Int], canPostpone: Bool, now: Timestamp) -> Decision {
        var decision = Decision()
        released = [:]
        guard count > 0 else { return decision }
        if !taken.isEmpty { taken = taken.filter { $0.value > now } }
        for name in order {
            while let first = lines[name]?.first, decision.begin.count < maximum, mayBegin(first.limit, running, now) {
                begin(first.limit, &running, now)
                var delivery = first.delivery
                delivery.waitsSince = first.since
                released[delivery.handle] = first.arrived
                decision.begin.append(delivery)
                drop(name)
            }
            guard canPostpone, let line = lines[name] else { continue }
            let tired = line.filter { now.seconds - $0.arrived.seconds > Self.patience }
            guard !tired.isEmpty else { continue }
            for (place, held) in tired.enumerated() { decision.postpone.append(postponement(held, name, behind: place, now)) }
            let rest = line.filter { now.seconds - $0.arrived.seconds <= Self.patience }
            lines[name] = rest.isEmpty ? nil : Deque(rest)
            count -= tired.count
        }
        order.removeAll { lines[$0] == nil }
        return decision
    }

    /// When `release` may find something, if no place comes free before; `nil` when nothing is held.
    func nextLook(_ running: [LineName: Int], now: Timestamp) -> Timestamp? {
        var next: Timestamp?
        for (name, line) in lines {
            guard let first = line.first else { continue }
            var time = Timestamp(seconds: (line.map(\.arrived.seconds).min() ?? 0) + Self.patience + 0.1)
            // What has expired is settled at once.
            if let expires = line.compactMap(\.delivery.message.expires).min() { time = min(time, Timestamp(seconds: expires.seconds + 0.001)) }
            if hasSlot(first.limit, running[name] ?? 0) {
                let others = [bucket(first.limit)?.time(now: now), taken[name]].compactMap { $0 }
                if let last = others.max() { time = min(time, last) }
            }
            next = next.map { min($0, time) } ?? time
        }
        return next
    }

    /// Puts those back that were to begin, for whom others left no place. They stand before all that came as late.
    ///
    /// - Parameter time: When to ask again, unless a place comes free here.
    mutating func putBack(_ deliveries: [(delivery: Delivery, limit: TaskLimit)], until time: Timestamp, now: Timestamp) {
        for (delivery, limit) in deliveries.reversed() {
            let name = LineName(limit)
            if limit.rate != nil { buckets[limit.task]?.putBack() }
            let arrived = released[delivery.handle] ?? now
            hold(Held(delivery: delivery, limit: limit, since: delivery.waitsSince ?? now, arrived: arrived), name, isFirst: true)
            taken[name] = time
        }
    }

    /// A slot has come free that other workers may have been asked for.
    mutating func noteSlotLeft() { taken = [:] }

    /// Whether others have the places of a line.
    func isTaken(_ limit: TaskLimit, now: Timestamp) -> Bool { taken[LineName(limit)].map { $0 > now } ?? false }

    /// Takes out all that is held.
    mutating func popAll() -> [Delivery] { pop { _ in true } }

    /// Takes out those held that match, in the order of their lines.
    mutating func pop(where matches: (Delivery) -> Bool) -> [Delivery] {
        var found: [Delivery] = []
        for name in order {
            guard let line = lines[name] else { continue }
            found += line.map(\.delivery).filter(matches)
            let rest = line.filter { !matches($0.delivery) }
            lines[name] = rest.isEmpty ? nil : Deque(rest)
        }
        order.removeAll { lines[$0] == nil }
        count -= found.count
        return found
    }

    /// Those that are held, in their lines.
    var held: [(delivery: Delivery, limit: TaskLimit)] {
        order.flatMap { (lines[$0] ?? []).map { ($0.delivery, $0.limit) } }
    }

    /// When the rate lets the next one begin; `nil` when it does now.
    func nextBeginning(_ limit: TaskLimit, now: Timestamp) -> Timestamp? {
        bucket(limit).map { $0.time(now: now) }.flatMap { $0 > now ? $0 : nil }
    }

    /// One with a place has had it for so many seconds.
    mutating func noteEnd(of limit: TaskLimit, after seconds: Double) {
        guard limit.slots != nil else { return }
        let name = LineName(limit)
        let old = durations[name] ?? seconds
        // Keys are as many as there are customers.
        if durations.count > 10_000 { durations = [:] }
        durations[name] = old + (seconds - old) / 8
    }

    /// The rate of a task has changed.
    mutating func setRate(_ rate: RateLimit?, of task: String) {
        for name in order where name.task == task {
            for index in lines[name]?.indices ?? 0..<0 { lines[name]?[index].limit.rate = rate }
        }
        if let rate { buckets[task]?.change(to: rate.interval) } else { buckets[task] = nil }
        postponed = postponed.filter { $0.key.task != task }
    }

    // MARK: One delivery

    private func hasSlot(_ limit: TaskLimit, _ running: Int) -> Bool { limit.slots.map { running < $0 } ?? true }

    /// The bucket as it stands; `nil` without a rate.
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

    /// Puts one into its line, behind those that have waited as long, or before them.
    private mutating func hold(_ held: Held, _ name: LineName, isFirst: Bool = false) {
        if lines[name] == nil { order.append(name) }
        let line = lines[name] ?? []
        let place = isFirst
            ? line.firstIndex { $0.since >= held.since } ?? line.endIndex
            : line.lastIndex { $0.since <= held.since }.map { $0 + 1 } ?? line.startIndex
        lines[name, default: []].insert(held, at: place)
        count += 1
    }

    private mutating func drop(_ name: LineName) {
        lines[name]?.removeFirst()
        if lines[name]?.isEmpty == true { lines[name] = nil }
        count -= 1
    }

    /// Seconds that one has to wait for its rate that stands behind so many others.
    private func wait(_ limit: TaskLimit, behind others: Int, _ now: Timestamp) -> Double {
        guard let bucket = bucket(limit) else { return 0 }
        return max(0, (bucket.time(now: now) - now).inSeconds) + Double(others) * bucket.interval
    }

    /// When one comes again: when it may begin, as far as that can be told, but at the next look at the latest.
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
