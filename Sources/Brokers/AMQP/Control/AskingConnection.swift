import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// The connection for asking workers, with an exclusive queue for the answers.
///
/// It is never opened again: a request sent before the connection was lost must not be sent twice.
final class AskingConnection: ConnectionUse {
    private static let channel: UInt16 = 1

    private let key: String
    private let inbox: AnswerInbox

    init(key: String, inbox: AnswerInbox) {
        self.key = key
        self.inbox = inbox
    }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        let queue = ControlMessage.replyQueue(of: key)
        try connection.openChannel(Self.channel)
        try connection.declare(ControlQueue.requests, on: Self.channel)
        try connection.declare(ControlQueue.replies, on: Self.channel)
        try connection.declare(ControlQueue.queue(queue), on: Self.channel)
        try connection.bindQueue(queue, to: ControlMessage.replyExchange, key: key, on: Self.channel)
        try connection.consume(queue, as: "answers", isAcknowledged: false, on: Self.channel)
    }

    func send(_ requests: [WireMessage], _ connection: Connection) throws(RabbitMQError) {
        for request in requests { try connection.publish(request, isMandatory: true, on: Self.channel) }
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .delivery(let delivery): inbox.add(delivery.message)
        case .cancelled: throw RabbitMQError(.lost, "the server ended the subscription to the answers")
        // During a resource alarm the server does not read requests.
        case .blocked(let reason): throw RabbitMQError(.blocked, "it takes no messages now (\(reason))")
        // No worker listens for requests.
        case .returned: inbox.noteUnheard()
        case .confirm, .unblocked: break
        }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {}

    func tick(_ connection: Connection) throws(RabbitMQError) {}

    func lost(_ error: RabbitMQError) { inbox.fail(error) }
}

/// Shared by the thread of an `AskingConnection` and the caller.
final class AnswerInbox: Sendable {
    private struct State {
        var messages: [WireMessage] = []
        /// Number of requests that reached no worker.
        var unheard = 0
        var failure: RabbitMQError?
    }

    let bell = Bell()
    private let state = Mutex(State())

    func add(_ message: WireMessage) {
        state.withLock { $0.messages.append(message) }
        bell.ring()
    }

    /// Number of requests returned because no worker listens.
    var unheard: Int { state.withLock { $0.unheard } }

    func noteUnheard() {
        state.withLock { $0.unheard += 1 }
        bell.ring()
    }

    func fail(_ error: RabbitMQError) {
        state.withLock { $0.failure = $0.failure ?? error }
        bell.ring()
    }

    /// Takes the messages that arrived since the last call.
    ///
    /// - Throws: The reason why no more will arrive.
    func take() throws(RabbitMQError) -> [WireMessage] {
        let (messages, failure) = state.withLock { state in
            defer { state.messages = [] }
            return (state.messages, state.failure)
        }
        if messages.isEmpty, let failure { throw failure }
        return messages
    }
}
