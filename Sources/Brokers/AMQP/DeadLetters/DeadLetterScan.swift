import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// A walk through the queue of dead letters, on a connection of its own.
///
/// Letters are read without acknowledging them: however the walk ends, the server requeues all letters that
/// were not removed.
final class DeadLetterScan: ConnectionUse {
    private static let channel: UInt16 = 1
    private static let spareChannel: UInt16 = 2

    private let queues: DeadLetterQueue
    private var isOpen = false
    /// Letters in the queue at the beginning of the walk. Later ones are left for the next walk.
    private var left = 0

    init(_ queues: DeadLetterQueue) { self.queues = queues }

    /// Takes the lock and begins. Returns `false` if another connection holds the lock.
    func begin(_ connection: Connection) throws(RabbitMQError) -> Bool {
        do throws(RabbitMQError) {
            try connection.withChannel(Self.spareChannel) { () throws(RabbitMQError) in
                _ = try connection.declare(queues.lock, on: Self.spareChannel)
            }
        } catch {
            // RESOURCE_LOCKED: exclusive to another connection.
            guard error.code == .refused(405) else { throw error }
            return false
        }
        try queues.declare(connection, spareChannel: Self.spareChannel)
        try connection.openChannel(Self.channel)
        isOpen = true
        left = try connection.declare(QueueDeclaration(queues.queue.name), isPassive: true, on: Self.channel).messages
        return true
    }

    /// The next letters, at most `count`; none at the end.
    func next(_ count: Int, _ connection: Connection) throws(RabbitMQError) -> [IncomingDelivery] {
        guard isOpen else { throw RabbitMQError(.lost, "the connection was lost while reading dead letters") }
        var letters: [IncomingDelivery] = []
        while letters.count < count, left > 0, let letter = try connection.get(queues.queue.name, on: Self.channel) {
            letters.append(letter)
            left -= 1
        }
        return letters
    }

    /// Removes letters.
    func remove(_ tags: [UInt64], _ connection: Connection) throws(RabbitMQError) {
        guard isOpen else { throw RabbitMQError(.lost, "the connection was lost while reading dead letters") }
        for tag in tags { try connection.acknowledge(tag, isMultiple: false, on: Self.channel) }
    }

    /// Ends the walk: all other letters are back in the queue when this returns.
    func end(_ connection: Connection) throws(RabbitMQError) {
        guard isOpen else { return }
        isOpen = false
        try connection.closeChannel(Self.channel)
    }

    // MARK: ConnectionUse

    func establish(_ connection: Connection) throws(RabbitMQError) { isOpen = false }
    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {}
    func settleDown(_ connection: Connection) throws(RabbitMQError) {}
    func tick(_ connection: Connection) throws(RabbitMQError) {}
    func lost(_ error: RabbitMQError) { isOpen = false }
}
