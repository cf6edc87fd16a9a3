import CeleryCore
import Proton

/// What servers do differently.
extension ProtonServer {
    /// Whether the server delivers a message with an annotation at its time.
    var delays: Bool { kind == .activeMQ || kind == .artemis }

    /// The annotation that has the server hold a message back for `seconds`; `nil` at a server that cannot.
    func delay(_ seconds: Double, now: Timestamp) -> ProtonValue.Pair? {
        // Anybody may have chosen the time.
        let milliseconds = min(max(1, seconds * 1_000), 1e13)
        switch kind {
        case .artemis:
            return ProtonValue.Pair(.symbol(AMQP10Envelope.delayUntil), .timestamp(Int64(min(now.seconds * 1_000 + milliseconds, 1e15))))
        case .activeMQ: return ProtonValue.Pair(.symbol(AMQP10Envelope.delayFor), .long(Int64(milliseconds)))
        default: return nil
        }
    }

    /// Seconds: messages with a nearer ETA wait in a worker's memory.
    var nearETA: Double { delays ? 1 : .infinity }

    /// After which time a message that a worker holds until its ETA is put back as a new one: RabbitMQ closes the session of whoever
    /// holds one for half an hour, and with it goes all else that the worker has.
    var longestHold: Duration? { kind == .rabbitMQ || kind == .rabbitMQPlugin ? .seconds(600) : nil }

    /// Whether the outcome `modified` counts a return, so that the number of an attempt need not be in a new message. RabbitMQ's
    /// plugin ends the session instead.
    var countsReturns: Bool { kind == .activeMQ || kind == .artemis || kind == .brokerJ }

    /// How it is found out that a queue has no more messages.
    enum Emptiness: Sendable {
        /// The server says when it has sent all there is.
        case draining
        /// It tells how many there are. RabbitMQ's plugin fails when it is asked to drain a classic queue.
        case counting
        /// Neither, as Proton's example.
        case waiting
    }

    var emptiness: Emptiness {
        switch kind {
        case .rabbitMQPlugin: .counting
        case .other: .waiting
        default: .draining
        }
    }

    /// Whether topics carry remote control and events.
    var hasTopics: Bool { kind != .other }

    /// Whether the letters of one reader are hidden from others, so that only one at a time may read. Where a receiver can be shown
    /// copies, it hides nothing.
    var showsCopies: Bool { kind == .activeMQ || kind == .artemis || kind == .brokerJ }

    /// Whether dead letters can be looked at and return to their place: not at a server that forgets what it has delivered.
    var keepsDelivered: Bool { kind != .other }
}
