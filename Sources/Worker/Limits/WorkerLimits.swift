import CeleryCore
import DequeModule

/// Rates and places of one worker, for brokers that keep none: each worker by itself, as Python's do.
///
/// Holds the deliveries that are due and may not begin yet, in lines by task and key. It never holds many, nor one for
/// long, for a broker takes back what a worker keeps without a word; the others are to be postponed.
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
        var since: Timestamp
    }

    private var lines: [LineName: Deque<Held>] = [:]
    /// The names of lines, by who came first.
    private var order: [LineName] = []
    private(set) var count = 0
    private var buckets: [String: TokenTime] = [:]
    /// Until when the last of a line was postponed.
    private var postponed: [LineName: Timestamp] = [:]
    /// Moving average of the seconds that those with a place keep it.
    private var durations: [LineName: Double] = [:]

    /// Deliveries that are held at most.
    static let room = 200
    /// Seconds that one is held at most.
    static let patience = 60.0

    /// What to do with deliveries.
    struct Decision {
        var begin: [Delivery] = []
        /// Not before these times.
        var postpone: [(delivery: Delivery, until: Timestamp)] = []
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
            } else if canPostpone, count >= Self.room || wait(limit, name, now) > Self.patience {
                decision.postpone.append((delivery, postponement(limit, name, now)))
            } else {
                hold(Held(delivery: delivery, limit: limit, since: now), name)
            }
        }
        return decision
    }

    /// Those held that may begin now, up to `maximum`, and those that were held for too long.
    mutating func release(_ maximum: Int, _ running: inout [LineName: Int], canPostpone: Bool, now: Timestamp) -> Decision {
        var decision = Decision()
        guard count > 0 else { return decision }
        for name in order {
            while let first = lines[name]?.first, decision.begin.count < maximum, mayBegin(first.limit, running, now) {
                begin(first.limit, &running, now)
                decision.begin.append(first.delivery)
                drop(name)
            }
            while canPostpone, let first = lines[name]?.first, now.seconds - first.since.seconds > Self.patience {
                decision.postpone.append((first.delivery, postponement(first.limit, name, now)))
                drop(name)
            }
        }
        order.removeAll { lines[$0] == nil }
        return decision
    }

    /// When `release` may find something, if no place comes free before; `nil` when nothing is held.
    func nextLook(_ running: [LineName: Int], now: Timestamp) -> Timestamp? {
        var next: Timestamp?
        for (name, line) in lines {
            guard let first = line.first else { continue }
            var time = Timestamp(seconds: first.since.seconds + Self.patience + 0.1)
            if hasPlace(first.limit, running[name] ?? 0), let bucket = bucket(first.limit) { time = min(time, bucket.time(now: now)) }
            next = next.map { min($0, time) } ?? time
        }
        return next
    }

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
        guard limit.places != nil else { return }
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

    private func hasPlace(_ limit: TaskLimit, _ running: Int) -> Bool { limit.places.map { running < $0 } ?? true }

    /// The bucket as it stands; `nil` without a rate.
    private func bucket(_ limit: TaskLimit) -> TokenTime? {
        limit.rate.map { buckets[limit.task] ?? TokenTime(interval: $0.interval) }
    }

    private func mayBegin(_ limit: TaskLimit, _ running: [LineName: Int], _ now: Timestamp) -> Bool {
        guard hasPlace(limit, running[LineName(limit)] ?? 0) else { return false }
        return bucket(limit).map { $0.time(now: now) <= now } ?? true
    }

    private mutating func begin(_ limit: TaskLimit, _ running: inout [LineName: Int], _ now: Timestamp) {
        running[LineName(limit), default: 0] += 1
        guard let rate = limit.rate, var bucket = bucket(limit) else { return }
        bucket.change(to: rate.interval)
        _ = bucket.take(now: now)
        buckets[limit.task] = bucket
    }

    private mutating func hold(_ held: Held, _ name: LineName) {
        if lines[name] == nil { order.append(name) }
        lines[name, default: []].append(held)
        count += 1
    }

    private mutating func drop(_ name: LineName) {
        lines[name]?.removeFirst()
        if lines[name]?.isEmpty == true { lines[name] = nil }
        count -= 1
    }

    /// Seconds that one at the end of its line has to wait for its rate.
    private func wait(_ limit: TaskLimit, _ name: LineName, _ now: Timestamp) -> Double {
        guard let bucket = bucket(limit) else { return 0 }
        return max(0, (bucket.time(now: now) - now).inSeconds) + Double(lines[name]?.count ?? 0) * bucket.interval
    }

    /// The time for which one is postponed: they come back about as fast as they can begin.
    private mutating func postponement(_ limit: TaskLimit, _ name: LineName, _ now: Timestamp) -> Timestamp {
        let byPlaces = limit.places.map { min(Self.patience, durations[name] ?? 0.1) / Double($0) } ?? 0
        let spacing = max(byPlaces, limit.rate?.interval ?? 0)
        let soonest = now.seconds + max(Self.patience, wait(limit, name, now))
        let until = Timestamp(seconds: max(soonest, (postponed[name]?.seconds ?? 0) + spacing))
        postponed = postponed.count > 10_000 ? [:] : postponed
        postponed[name] = until
        return until
    }
}
