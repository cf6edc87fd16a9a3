import CeleryCore
import HeapModule

/// The deliveries of a subscription that were read: waiting for their ETA, moving elsewhere, or held by the worker.
struct DeliveryBook<Arrived: PushedMessage> {
    typealias Entry = PushedDelivery<Arrived>

    /// A delivery with the worker.
    private struct Handed {
        /// Number of the connection by which it came.
        var generation: Int
        var entry: Entry
    }

    /// Waiting here for their ETA.
    private(set) var scheduled: Heap<Entry> = []
    private var handed: [Int64: Handed] = [:]
    /// Number of this connection's deliveries with the worker.
    private(set) var handedCount = 0
    /// Number of deliveries on their way to where they wait without a worker.
    private(set) var asideCount = 0
    /// Number of the connection; with STOMP and AMQP 1.0, -1 while there is none.
    private(set) var generation = 0
    private var lastNumber: Int64 = 0

    /// Forgets the deliveries of the last connection, which return to their queues.
    mutating func begin(generation: Int) {
        self.generation = generation
        scheduled = Heap(scheduled.unordered.filter(\.arrived.isForgotten))
        (handedCount, asideCount) = (0, 0)
    }

    mutating func nextNumber() -> Int64 {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Waiting for their ETA

    mutating func schedule(_ entry: Entry) { scheduled.insert(entry) }

    mutating func popDue(_ now: Timestamp) -> Entry? {
        guard let first = scheduled.min, first.eta <= now else { return nil }
        return scheduled.removeMin()
    }

    /// Takes out the matching deliveries. Each is looked at once.
    mutating func popScheduled(where matches: (Entry) -> Bool) -> [Entry] {
        var found: [Entry] = []
        let rest = scheduled.unordered.filter { entry in
            guard matches(entry) else { return true }
            found.append(entry)
            return false
        }
        if !found.isEmpty { scheduled = Heap(rest) }
        return found
    }

    // MARK: Moving elsewhere

    mutating func setAside(_ count: Int = 1) { asideCount += count }

    /// Notes that deliveries got there, or could not, and wait here for their ETA.
    ///
    /// - Returns: Whether they are of this connection.
    mutating func endAside(_ count: Int, scheduling entries: [Entry], generation: Int) -> Bool {
        guard generation == self.generation else { return false }
        asideCount -= count
        for var entry in entries {
            entry.since = .now
            schedule(entry)
        }
        return true
    }

    // MARK: Held by the worker

    mutating func hand(_ entry: Entry) -> Delivery {
        handed[entry.number] = Handed(generation: generation, entry: entry)
        handedCount += 1
        return entry.delivery
    }

    /// The delivery behind a handle, if the worker may still settle it. What the server has forgotten, no other worker has.
    func held(_ handle: DeliveryHandle) -> Entry? {
        guard let held = handed[handle.tag], held.entry.attempt == handle.attempt, isOurs(held) else { return nil }
        return held.entry
    }

    private func isOurs(_ held: Handed) -> Bool { held.generation == generation || held.entry.arrived.isForgotten }

    /// Removes a delivery that the worker is done with.
    ///
    /// - Returns: The delivery, if it was still the worker's.
    mutating func release(_ handle: DeliveryHandle) -> Entry? {
        guard let entry = held(handle) else {
            if handed[handle.tag]?.generation != generation { handed[handle.tag] = nil }
            return nil
        }
        if handed.removeValue(forKey: handle.tag)?.generation == generation { handedCount -= 1 }
        return entry
    }

    /// Takes out all deliveries with the worker.
    mutating func releaseAll() -> [Entry] {
        defer { (handed, handedCount) = ([:], 0) }
        return handed.values.filter(isOurs).map(\.entry)
    }

    // MARK: All of them

    /// Number of all deliveries that are here.
    var count: Int { asideCount + scheduled.count + handed.values.count(where: isOurs) }

    /// Takes out what the server has forgotten, in the order in which it was read.
    mutating func popForgotten() -> [Entry] {
        let forgotten = handed.values.filter(\.entry.arrived.isForgotten)
        handedCount -= forgotten.count { $0.generation == generation }
        for held in forgotten { handed[held.entry.number] = nil }
        return (forgotten.map(\.entry) + popScheduled(where: \.arrived.isForgotten)).sorted { $0.number < $1.number }
    }
}
