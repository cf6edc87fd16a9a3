import CeleryCore
import Proton
import Testing
import Wire

@testable import Brokers

/// How a message lies in a queue of an AMQP 1.0 server.
@Suite struct AMQP10EnvelopeTests {
    private var wire: WireMessage {
        WireMessage(
            exchange: "shop", routingKey: "shop.sell",
            properties: WireProperties(
                contentType: "application/json", contentEncoding: "utf-8", deliveryMode: 2, priority: 7, correlationID: "i", replyTo: "answers",
                expiration: "60000"),
            headers: [
                "task": "a", "id": "i", "eta": nil, "retries": 3, "ignore_result": true, "big": .bigInteger("123456789012345678901"),
                "half": .double(0.5), "timelimit": [nil, 2], "stamps": ["x": ["y": "☃"]],
            ], body: Array("[[1], {}, {}]".utf8))
    }

    @Test func `all of a message goes through, and plain headers are application properties`() throws {
        let message = AMQP10Envelope.message(of: wire)
        #expect(message.isDurable && message.priority == 7 && message.timeToLive == 60_000)
        #expect(message.headers.contains(ProtonValue.Pair(.string("task"), .string("a"))))
        #expect(message.headers.contains(ProtonValue.Pair(.string("retries"), .long(3))))
        #expect(!message.headers.contains { $0.key.text == "stamps" })
        var expected = wire
        // It is counted from the sending, and a worker goes by the header.
        expected.properties.expiration = nil
        let read = try AMQP10Envelope.read(ProtonMessage(decoding: message.encoded()))
        #expect(read.headers == expected.headers && read.properties == expected.properties && read.body == expected.body)
        #expect((read.exchange, read.routingKey) == ("shop", "shop.sell"))
    }

    @Test func `no header of a sender passes for one of the driver`() throws {
        var wire = wire
        wire.headers["celery-headers"] = "{\"task\": \"other\"}"
        wire.headers["celery-priority"] = "9"
        let read = try AMQP10Envelope.read(ProtonMessage(decoding: AMQP10Envelope.message(of: wire).encoded()))
        #expect(read.headers["task"] == "a" && read.headers["celery-headers"] == wire.headers["celery-headers"] && read.properties.priority == 7)
    }

    @Test(arguments: [nil, 0, 4, 9, 255]) func `a priority comes back as it was, or its absence`(priority: Int?) throws {
        var wire = wire
        wire.properties.priority = priority
        for keepsPriority in [true, false] {
            let message = AMQP10Envelope.message(of: wire, keepsPriority: keepsPriority)
            #expect(message.priority == (keepsPriority ? UInt8(min(priority ?? 0, 9)) : 4))
            #expect(try AMQP10Envelope.read(message).properties.priority == priority)
        }
    }

    @Test func `a message of protocol 1 is read from its body, as RabbitMQ passes it on from Python`() throws {
        var message = ProtonMessage()
        (message.contentType, message.contentEncoding, message.replyTo) = ("application/json", "utf-8", "/queue/answers")
        message.body = Array(#"{"task": "tasks.add", "id": "c1a8", "args": [2, 3], "kwargs": {}}"#.utf8)
        let read = try TaskMessageDecoder().decode(AMQP10Envelope.read(message), queue: "celery")
        #expect(read.task == "tasks.add" && read.replyTo == "answers")
    }

    @Test func `what a message cannot be is said`() {
        var message = ProtonMessage()
        message.hasForeignBody = true
        #expect(throws: MalformedMessage.self) { try AMQP10Envelope.read(message) }
        for text in ["[1]", "{"] {
            var message = ProtonMessage()
            message.headers = [ProtonValue.Pair(.string("celery-headers"), .string(text))]
            #expect(throws: MalformedMessage.self) { try AMQP10Envelope.read(message) }
        }
    }

    @Test func `returns are counted where the server counts, and otherwise noticed`() {
        var message = ProtonMessage()
        #expect(AMQP10Envelope.returns(of: message) == 0)
        message.isFirst = false
        #expect(AMQP10Envelope.returns(of: message) == 1)
        message.deliveryCount = 4
        #expect(AMQP10Envelope.returns(of: message) == 4)
    }
}
