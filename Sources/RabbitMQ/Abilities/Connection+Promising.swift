import CRabbitMQ

/// How a server promises that it has a message.
package enum PublishingPromise: Sendable {
    /// It confirms each message (`basic.ack`), a little later.
    case confirms
    /// It answers the commit of several messages.
    case transactions
}

// Confirms are an extension of RabbitMQ; transactions belong to the protocol, but few servers have both.
extension Connection {
    /// Makes the server promise the messages of a channel, in the way it can.
    ///
    /// Confirms cost no round trip: their selection asks for no answer. Without them the server is asked for transactions.
    ///
    /// - Throws: `RabbitMQError`: `options` when the server can promise nothing.
    package func selectPromise(_ channel: UInt16) throws(RabbitMQError) -> PublishingPromise {
        if abilities.has(.confirms) {
            try send(Int32(AMQP_CONFIRM_SELECT_METHOD), amqp_confirm_select_t(nowait: 1), on: channel)
            return .confirms
        }
        do throws(RabbitMQError) {
            try onChannel(channel) { () throws(RabbitMQError) in
                _ = library.calls.amqp_tx_select(state, channel)
                try checkReply("begin a transaction")
            }
            return .transactions
        } catch {
            switch error.code {
            case .refused:
                throw RabbitMQError(.options, "\(statement) (\(error.message))")
            // Some end the connection without a word; but so does a network.
            case .lost: throw RabbitMQError(.lost, "\(statement), or its connection was lost")
            default: throw error
            }
        }
    }

    private var statement: String {
        "broker \(options.location): \(abilities.title) has neither publisher confirms nor transactions, so it cannot promise to keep a message"
    }

    /// Commits what was published on a channel with transactions. The server returns messages without a queue before it answers.
    ///
    /// The corresponding C function is `amqp_tx_commit`.
    package func commit(_ channel: UInt16) throws(RabbitMQError) {
        _ = library.calls.amqp_tx_commit(state, channel)
        try checkReply("commit messages")
    }

    /// Receives what arrived while a call waited for its answer. Does not wait.
    package func receiveArrived(_ body: (Incoming) throws(RabbitMQError) -> Void) throws(RabbitMQError) {
        while hasInput, let incoming = try receive() { try body(incoming) }
    }
}
