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

    /// What sends a message, to be delivered after `seconds` where the server can delay it.
    func parcels(of message: Message, at server: ProtonServer, delayedBy seconds: Double?, now: Timestamp) throws(DriverError) -> [ProtonParcel] {
        do throws(DriverError) {
            let wire = try wire(of: message, now: now)
            let delay = seconds.flatMap { $0 > 0 ? server.delay($0, now: now) : nil }
            let bytes = AMQP10Envelope.message(of: wire, delay: delay).encoded()
            let queues = try settings.queues(of: message, key: wire.routingKey, lack: "AMQP 1.0 has no exchanges: \(location)")
            return try queues.map { (queue) throws(DriverError) in
                try layout.check(queue)
                return ProtonParcel(layout.queue(queue, at: server), bytes)
            }
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
}
