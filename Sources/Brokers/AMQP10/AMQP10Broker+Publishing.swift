import CeleryCore
import Proton
import Wire

extension AMQP10Broker {
    /// What sends a message to its queue, or to all queues of the settings that its exchange has.
    ///
    /// - Throws: `DriverError.refused` for a name that no queue can have, or an exchange without a queue.
    func parcels(of message: Message, at server: ProtonServer, now: Timestamp) throws(DriverError) -> [ProtonParcel] {
        let wait = message.eta.map { $0.seconds - now.seconds }.flatMap { $0 > nearETA(at: server) ? $0 : nil }
        return try parcels(of: message, at: server, delayedBy: wait, now: now)
    }

    /// The same, to be delivered after so many seconds where the server can do that.
    func parcels(of message: Message, at server: ProtonServer, delayedBy seconds: Double?, now: Timestamp) throws(DriverError) -> [ProtonParcel] {
        do throws(DriverError) {
            let wire = try wire(of: message, now: now)
            let delay = seconds.flatMap { $0 > 0 ? server.delay($0, now: now) : nil }
            let bytes = AMQP10Envelope.message(of: wire, delay: delay).encoded()
            return try queues(of: message, wire).map { ProtonParcel(layout.queue($0, at: server), bytes) }
        } catch var error {
            error.subject = message.id
            throw error
        }
    }

    private func wire(of message: Message, now: Timestamp) throws(DriverError) -> WireMessage {
        guard options.taskProtocol == 1 else { return TaskMessageEncoder.encode(message, now: now) }
        do throws(BodyError) {
            return try ProtocolOne.encode(message, now: now)
        } catch {
            throw DriverError(
                .refused, "the arguments of \(message.task.forLog) cannot be sent in protocol 1: \(error)", hint: "leave task_protocol=1 out of the URL of the broker")
        }
    }

    private func queues(of message: Message, _ wire: WireMessage) throws(DriverError) -> [String] {
        guard let exchange = message.route.exchange else {
            try layout.check(message.route.queue)
            return [message.route.queue]
        }
        // There are no exchanges here: the settings tell who would get it.
        let queues = settings.queueDefinitions.values.filter { $0.exchange == exchange && ($0.exchangeType == "fanout" || RedisBinding($0).takes(wire.routingKey)) }
            .map(\.name).sorted()
        guard !queues.isEmpty else {
            throw DriverError(
                .refused, "no queue of the settings is bound to exchange '\(exchange.forLog)' with key '\(wire.routingKey.forLog)', and AMQP 1.0 has no exchanges: \(location)",
                hint: "describe the queue in CELERY_QUEUES, or name the queue alone")
        }
        for queue in queues { try layout.check(queue) }
        return queues
    }

    /// What goes to all who listen to a topic now.
    ///
    /// - Throws: `DriverError.unsupported` at a server without topics.
    func telling(_ topic: String, _ wire: WireMessage, at server: ProtonServer) throws(DriverError) -> ProtonParcel {
        var wire = wire
        wire.exchange = ""
        wire.properties.deliveryMode = 1
        wire.properties.expiration = nil
        return ProtonParcel(try self.topic(topic, at: server), AMQP10Envelope.message(of: wire).encoded())
    }

    func topic(_ name: String, at server: ProtonServer) throws(DriverError) -> ProtonNode {
        guard let topic = layout.topic(name, at: server) else { throw DriverError.lacks("carry remote control and events", "broker \(location) (\(server.name))") }
        return topic
    }
}
