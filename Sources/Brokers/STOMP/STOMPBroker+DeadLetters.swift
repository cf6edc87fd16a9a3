import CeleryAMQP
import CeleryCore
import RabbitMQ
import STOMP
import Wire

extension STOMPBroker {
    /// The frame that puts a message among the dead letters. All have one priority, so that they keep their order.
    func letter(_ wire: WireMessage, from queue: String, _ burial: Burial, at server: STOMPServer) throws -> STOMPFrame {
        var letter = DeadLetterQueue(type: .classic).publication(of: wire, from: queue, burial).message
        (letter.exchange, letter.routingKey) = (wire.exchange, wire.routingKey)
        let headers = try STOMPEnvelope.headers(of: letter, at: server, keepsPriority: false)
        return STOMPFrame("SEND", [STOMPFrame.Header("destination", layout.queue(STOMPLayout.deadLetters))] + headers, body: letter.body)
    }
}
