import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// How a letter lies in the queue: the message as it came, with one header more.
extension DeadLetterQueue {
    /// Our header on a letter.
    static let header = "celery_dead"
    /// RabbitMQ's header.
    private static let brokerHeader = "x-death"

    /// The publication that moves a message to the queue of dead letters.
    func publication(of message: WireMessage, from queue: String, _ burial: Burial) -> Publication {
        var letter = message
        (letter.exchange, letter.routingKey) = ("", self.queue.name)
        letter.properties.expiration = nil
        letter.properties.deliveryMode = 2
        letter.headers[Self.header] = .object([
            "reason": .string(burial.reason.name), "error": .string(burial.error), "queue": .string(queue),
            "time": .double(burial.date.seconds), "worker": .string(burial.worker),
            "attempts": .int(Int64(burial.attempts)), "crashes": .int(Int64(burial.crashes)),
        ])
        return Publication(letter, isMandatory: true, needs: [.deadLetters(self.queue)])
    }

    /// A message read from the queue of dead letters.
    struct Letter: Sendable {
        var letter: DeadLetter
        /// The message without the headers added since its death.
        var wire: WireMessage
        /// The message as a worker decodes it; `nil` when unreadable.
        var message: Message?
    }

    /// Reads a letter, written by us or by RabbitMQ.
    static func read(_ incoming: WireMessage) -> Letter {
        var wire = incoming
        let note = incoming.headers[header]?.objectValue
        let death = incoming.headers[brokerHeader]?.arrayValue?.first
        wire.headers[header] = nil
        // A message that came down the ladder has the headers of its steps.
        for name in [brokerHeader, "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason", "x-last-death-exchange", "x-last-death-queue", "x-last-death-reason"] {
            wire.headers[name] = nil
        }
        let queue = note?["queue"]?.stringValue ?? death?["queue"]?.stringValue ?? Route.defaultQueue
        var message = try? TaskMessageDecoder().decode(wire, queue: queue)
        var attempts = 0
        if message != nil { attempts = AttemptHeader.read(&message!, isRedelivered: false).attempt - 1 }
        let seconds = note?["time"]?.doubleValue ?? death?["time"]?.doubleValue ?? 0
        let burial = Burial(
            DeathReason(name: note?["reason"]?.stringValue ?? death?["reason"]?.stringValue ?? DeathReason.unknownName),
            error: note?["error"]?.stringValue ?? "", date: Timestamp(seconds: seconds),
            worker: note?["worker"]?.stringValue ?? "",
            attempts: min(max(0, note?["attempts"]?.intValue ?? attempts), Int(Int32.max)),
            crashes: min(max(0, note?["crashes"]?.intValue ?? 0), Int(Int32.max)))
        let id = message?.id.text ?? wire.headers["id"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        let letter = DeadLetter(
            key: id ?? "unreadable-" + fingerprint(of: wire), taskID: id.map(TaskID.init),
            task: message?.task ?? wire.headers["task"]?.stringValue, queue: queue, burial: burial)
        return Letter(letter: letter, wire: wire, message: message)
    }

    /// A key derived from the content, so that it is the same at every look.
    ///
    /// FNV-1a of 64 bits (www.isthe.com/chongo/tech/comp/fnv).
    private static func fingerprint(of message: WireMessage) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in JSON.object(message.headers).bytes() + message.body { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension DeadLetterQueue.Letter {
    /// The message content for display.
    var content: DeadLetter.Content {
        let given = wire.properties
        var properties = JSONObject()
        properties["content_type"] = given.contentType.map(JSON.string)
        properties["content_encoding"] = given.contentEncoding.map(JSON.string)
        properties["delivery_mode"] = given.deliveryMode.map { .int(Int64($0)) }
        properties["priority"] = given.priority.map { .int(Int64($0)) }
        properties["correlation_id"] = given.correlationID.map(JSON.string)
        properties["reply_to"] = given.replyTo.map(JSON.string)
        return DeadLetter.Content(
            headers: JSON.object(wire.headers).bytes(), properties: JSON.object(properties).bytes(), body: wire.body, message: message)
    }
}
