import CeleryCore
import STOMP
import Wire

extension STOMPBroker {
    /// The frames that send a message to its queue, or to all queues of the settings that its exchange has.
    ///
    /// - Throws: `DriverError.refused` for a name that no queue can have, headers that are too long, or an exchange without a queue.
    func frames(of message: Message, at server: STOMPServer, now: Timestamp) throws(DriverError) -> [STOMPFrame] {
        let wait = message.eta.map { $0.seconds - now.seconds }.flatMap { $0 > nearETA(at: server) ? $0 : nil }
        return try frames(of: message, at: server, delayedBy: wait, now: now)
    }

    /// The frames that send a message, to be delivered after `seconds` where the server can delay it.
    func frames(of message: Message, at server: STOMPServer, delayedBy seconds: Double?, now: Timestamp) throws(DriverError) -> [STOMPFrame] {
        do throws(DriverError) {
            let wire = TaskMessageEncoder.encode(message, now: now)
            let headers = try STOMPEnvelope.headers(of: wire, at: server)
            let queues = try settings.queues(of: message, key: wire.routingKey, lack: "\(location) has no exchanges")
            return try queues.map { (queue) throws(DriverError) in
                try layout.check(queue)
                var destination = layout.queue(queue)
                var more = layout.arguments(of: settings.definition(of: queue), at: server)
                // Anybody may have chosen the time.
                if let seconds = seconds.map({ min($0, 1e10) }), seconds > 0 {
                    switch server.delaying {
                    case .scheduler: more.append(STOMPFrame.Header(STOMPEnvelope.delay, String(Int((seconds * 1_000).rounded(.up)))))
                    // From where it waits, the server would move it to a queue that nobody has declared, and lose it. So the first one
                    // goes to its queue, which declares that, and the worker has it wait.
                    case .queues: if isDeclared(destination) { (destination, more) = layout.delay(seconds, to: queue) }
                    case .none: break
                    }
                }
                return STOMPFrame("SEND", [STOMPFrame.Header("destination", destination)] + headers + more, body: wire.body)
            }
        } catch var error {
            error.subject = message.id
            throw error
        }
    }
}
