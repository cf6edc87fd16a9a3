import RabbitMQ

// Transactions of a server without confirms: everything that is in flight is committed together, so that many messages cost one
// answer. Before it, the server returns what no queue takes.
extension Publisher {
    /// Commits until nothing waits to be sent.
    func commitAll(_ connection: Connection) throws(RabbitMQError) {
        while !unconfirmed.isEmpty {
            try connection.commit(Self.channel)
            try connection.receiveArrived { (incoming) throws(RabbitMQError) in try receive(incoming, connection) }
            confirm(upTo: firstNumber + UInt64(unconfirmed.count) - 1, isMultiple: true, isTaken: true)
            try pump(connection)
        }
    }
}
