import CeleryCore

/// The deliveries that a worker has, by the number in their handles. The consumer guards this value with a lock.
struct RedisDeliveries: Sendable {
    /// A message that the worker holds, as far as this process knows.
    struct Held: Sendable {
        var number: Int64
        /// Its name among the held messages of the server.
        var tag: String
        var message: Message
        /// The message as it came, for a dead letter.
        var envelope: RedisEnvelope?
        var attempt: Int
        var crashes: Int
        /// Whether the server counts how often it came back.
        var cameBack: Bool
    }

    private(set) var held: [Int64: Held] = [:]
    private var nextNumber: Int64 = 1
    /// Numbers of deliveries whose answer was lost: the server may count them as this worker's.
    private(set) var uncertain: [Range<Int64>] = []
    var turns: QueueTurns

    init(_ turns: QueueTurns) { self.turns = turns }

    /// Numbers for the next deliveries.
    mutating func reserve(_ count: Int) -> Range<Int64> {
        defer { nextNumber += Int64(count) }
        return nextNumber..<nextNumber + Int64(count)
    }

    mutating func noteLost(_ numbers: Range<Int64>) { uncertain.append(numbers) }

    mutating func noteFound(_ numbers: [Range<Int64>]) { uncertain.removeAll(where: numbers.contains) }

    mutating func add(_ delivery: Held) { held[delivery.number] = delivery }

    /// The delivery behind a handle.
    func delivery(_ handle: DeliveryHandle) -> Held? {
        guard let delivery = held[handle.tag], delivery.attempt == handle.attempt else { return nil }
        return delivery
    }

    /// Removes deliveries that the worker is done with.
    mutating func remove(_ numbers: [Int64]) {
        for number in numbers { held[number] = nil }
    }
}
