import CeleryCore
import STOMP

/// The names of queues and topics at a server.
struct STOMPLayout: Sendable {
    /// Before each of them.
    let prefix: String

    /// Where dead letters are kept. Those of an `amqp://` broker have another form, and another queue.
    static let deadLetters = "celery.dead.stomp"

    func queue(_ name: String) -> String { "/queue/\(prefix)\(name)" }
    func topic(_ name: String) -> String { "/topic/\(prefix)\(name)" }

    /// Refuses names that one of the servers would read as something else: patterns, lists and options of ActiveMQ, parts and
    /// escapes of RabbitMQ.
    ///
    /// - Throws: `DriverError.refused`.
    func check(_ queue: String) throws(DriverError) {
        guard !queue.isEmpty else { throw DriverError(.refused, "the name of a queue is empty") }
        guard queue.utf8.count <= 200 else { throw DriverError(.refused, "the name of a queue has more than 200 bytes: '\(queue.forLog)'") }
        guard !queue.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F || ",*>?/%#\\".unicodeScalars.contains($0) }) else {
            throw DriverError(
                .refused, "the name of a queue at a STOMP server cannot have a space, control character or one of , * > ? / % # \\ in it: '\(queue.forLog)'")
        }
    }

    // MARK: RabbitMQ

    /// The headers by which RabbitMQ declares a queue, the same for all who use it, as the driver of `amqp://` declares it.
    func arguments(of definition: QueueDefinition, at server: STOMPServer) -> [STOMPFrame.Header] {
        guard server.kind == .rabbitMQ else { return [] }
        var headers: [STOMPFrame.Header] = []
        if definition.type == .quorum { headers.append(STOMPFrame.Header("x-queue-type", "quorum")) }
        if let most = definition.maxPriority { headers.append(STOMPFrame.Header("x-max-priority", String(most))) }
        return headers
    }

    /// The same for the queues of dead letters. Each reading returns all letters, and a quorum queue, which may be the default of a
    /// virtual host, would give them up after some.
    func deadLetterArguments(at server: STOMPServer) -> [STOMPFrame.Header] {
        server.kind == .rabbitMQ ? [STOMPFrame.Header("x-queue-type", "classic")] : []
    }

    /// The longest delay of one queue: twelve days, as a power of two. Later messages are delayed again on the way.
    private static let longestStep = 20

    /// The queue in which a message waits for nearly `seconds` before RabbitMQ moves it to its own, and how it is declared.
    ///
    /// There are few: one for each power of two. Who takes the message finds its ETA and delays it for the rest.
    func delay(_ seconds: Double, to queue: String) -> (destination: String, arguments: [STOMPFrame.Header]) {
        var step = 0
        while step < Self.longestStep, Double(1 << (step + 1)) <= seconds { step += 1 }
        return (
            self.queue("celery.delay.\(1 << step)s.\(queue)"),
            [
                STOMPFrame.Header("x-message-ttl", String((1 << step) * 1_000)), STOMPFrame.Header("x-dead-letter-exchange", ""),
                STOMPFrame.Header("x-dead-letter-routing-key", prefix + queue),
            ]
        )
    }
}
