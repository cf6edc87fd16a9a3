import CeleryCore
import Redis
import Wire

extension RedisBroker {
    /// Longest text of a message: `proto-max-bulk-len` of a server that nobody has changed.
    private static let textLimit = 512 << 20

    /// What to put into which lists for these messages. Asks the server for the bindings of exchanges.
    ///
    /// - Throws: `DriverError`; `refused` for a message that no queue gets, or that is too large.
    func pushes(of messages: [Message]) async throws -> [RedisPush] {
        let tables = try await bindings(of: messages.compactMap(\.route.exchange).distinct)
        let now = self.now()
        return try messages.flatMap { try pushes(of: $0, tables, now) }
    }

    private func pushes(of message: Message, _ tables: [String: [QueueBinding]], _ now: Timestamp) throws -> [RedisPush] {
        var message = message
        describeArguments(of: &message)
        var wire = TaskMessageEncoder.encode(message, now: now)
        var queues = [message.route.queue]
        if let exchange = message.route.exchange {
            queues = (tables[exchange] ?? []).filter { $0.takes(wire.routingKey) }.map(\.queue).distinct
            guard !queues.isEmpty else {
                throw DriverError(
                    .refused, "no queue of \(location) is bound to exchange '\(exchange.forLog)' with key '\(wire.routingKey.forLog)'",
                    hint: "start a worker of the queue first, or name the queue alone", unconfirmed: [message.id], subject: message.id)
            }
        } else {
            wire.routingKey = message.route.queue
        }
        return try queues.map { queue in
            try layout.check(queue, "a queue")
            // Each copy has a tag of its own: it names the message among all that are held.
            let text = RedisEnvelope(wire).bytes
            guard text.count < Self.textLimit else {
                throw DriverError(
                    .refused, "task \(message.id) has \(text.count) bytes; Redis keeps at most \(Self.textLimit)", unconfirmed: [message.id],
                    subject: message.id)
            }
            return RedisPush(id: message.id, queue: queue, list: layout.list(queue, priority: message.priority), text: text)
        }
    }

    /// The bindings of exchanges, after those of the settings were written.
    private func bindings(of exchanges: [String]) async throws -> [String: [QueueBinding]] {
        guard !exchanges.isEmpty else { return [:] }
        for exchange in exchanges { try layout.check(exchange, "an exchange") }
        let declared = settings.queueDefinitions.values.filter { exchanges.contains($0.exchange) }.map(\.name).sorted()
        let declarations = try declared.flatMap { try declaration(of: settings.definition(of: $0)) }
        let replies = try await link.ask(declarations + exchanges.map { RedisCommand("SMEMBERS", .text(layout.bindings($0))) })
        var tables: [String: [QueueBinding]] = [:]
        for (exchange, reply) in zip(exchanges, replies.dropFirst(declarations.count)) {
            let texts = (reply.elements ?? []).compactMap(\.textValue)
            tables[exchange] = texts.compactMap { QueueBinding($0, separator: layout.separator) }.sorted { $0.queue < $1.queue }
        }
        return tables
    }

    /// The commands that bind a queue to its exchange, as kombu does. Repeated, they change nothing.
    ///
    /// - Throws: `DriverError.configuration` for an exchange that copies to whoever listens.
    func declaration(of definition: QueueDefinition) throws -> [RedisCommand] {
        let queue = definition.name
        try layout.check(queue, "a queue")
        guard definition.exchangeType == "direct" || definition.exchangeType == "topic" else {
            throw DriverError(
                .configuration, "queue '\(queue)' is bound to a \(definition.exchangeType) exchange, and with Redis queues have direct or topic exchanges",
                hint: "change exchange_type in CELERY_QUEUES")
        }
        let binding = QueueBinding(definition).text(separator: layout.separator)
        return [
            RedisCommand("SADD", .text(layout.bindings(definition.exchange)), .text(binding)),
            RedisCommand("SADD", .text(layout.permanentBindings(definition.exchange)), .text(binding)),
        ]
    }

    /// Python's workers and monitors show these texts instead of the arguments.
    private func describeArguments(of message: inout Message) {
        guard message.argsRepr == nil, let arguments = try? BodyCodec.decode(message.body) else { return }
        (message.argsRepr, message.kwargsRepr) = PythonRepr.texts(arguments, settings.redaction)
    }
}
