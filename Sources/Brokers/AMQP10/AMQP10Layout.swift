import CeleryCore
import Proton

/// The names of queues and topics at a server.
struct AMQP10Layout: Sendable {
    /// Before each of them.
    let prefix: String

    /// Where dead letters are kept. Those of other drivers have another form, and another queue.
    static let deadLetters = "celery.dead.amqp10"
    /// Holds one message: who has it may read the dead letters.
    static let lock = "celery.dead.amqp10.lock"

    func queue(_ name: String, at server: ProtonServer) -> ProtonNode {
        let name = prefix + name
        return switch server.kind {
        // The first makes the queue, durable and with no other arguments. One that was made with others is taken as it is.
        case .rabbitMQPlugin: ProtonNode(["/queue/\(name)", "/amq/queue/\(name)"])
        // The second is that of versions before, and makes the queue; an operator may have switched it off.
        case .rabbitMQ: ProtonNode(["/queues/\(name)", "/queue/\(name)"])
        case .activeMQ: ProtonNode(["queue://\(name)"], capability: "queue")
        case .artemis: ProtonNode([name], capability: "queue")
        case .brokerJ, .other: ProtonNode([name])
        }
    }

    /// A queue that must be there already.
    func existing(_ name: String, at server: ProtonServer) -> ProtonNode {
        var node = queue(name, at: server)
        node.addresses = server.kind == .rabbitMQPlugin ? Array(node.addresses.suffix(1)) : Array(node.addresses.prefix(1))
        return node
    }

    /// A topic: all who listen get what is sent. `nil` at a server that has none.
    func topic(_ name: String, at server: ProtonServer) -> ProtonNode? {
        let name = prefix + name
        return switch server.kind {
        case .rabbitMQPlugin, .rabbitMQ: ProtonNode(["/topic/\(name)"], isDurable: false)
        case .activeMQ: ProtonNode(["topic://\(name)"], capability: "topic", isDurable: false)
        case .artemis: ProtonNode([name], capability: "topic", isDurable: false)
        case .brokerJ: ProtonNode(["amq.topic/\(name)"], isDurable: false)
        case .other: nil
        }
    }

    /// Refuses names that one of the servers would read as something else: parts and escapes of RabbitMQ, patterns, lists and options
    /// of ActiveMQ and Artemis.
    ///
    /// - Throws: `DriverError.refused`.
    func check(_ queue: String) throws(DriverError) {
        guard !queue.isEmpty else { throw DriverError(.refused, "the name of a queue is empty") }
        guard queue.utf8.count <= 200 else { throw DriverError(.refused, "the name of a queue has more than 200 bytes: '\(queue.forLog)'") }
        guard !queue.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F || ",*>?/%#\\:;".unicodeScalars.contains($0) }) else {
            throw DriverError(
                .refused, "the name of a queue at an AMQP 1.0 server cannot have a space, control character or one of , * > ? / % # \\ : ; in it: '\(queue.forLog)'")
        }
    }
}
