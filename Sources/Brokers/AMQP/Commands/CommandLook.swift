import CeleryCore
import RabbitMQ

/// A connection that reads the standing commands once.
final class CommandLook: ConnectionUse {
    private static let spareChannel: UInt16 = 2

    private let reader: CommandReader
    private let lost: @Sendable (RabbitMQError) -> Void

    init(_ book: CommandBook, lost: @escaping @Sendable (RabbitMQError) -> Void) {
        // Reading must not write to the stream.
        reader = CommandReader(book, seed: {}) { _ in }
        self.lost = lost
    }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        try reader.establish(connection, spareChannel: Self.spareChannel)
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .delivery(let delivery): reader.receive(delivery)
        case .cancelled: reader.cancelled()
        case .confirm, .returned, .blocked, .unblocked: break
        }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        try reader.settleDown(connection)
        reader.tellIfKnown()
    }

    func tick(_ connection: Connection) throws(RabbitMQError) {
        try reader.tick(connection, spareChannel: Self.spareChannel)
    }

    func lost(_ error: RabbitMQError) { lost(error) }
}
