import CeleryCore
import Testing
import Wire

@Suite struct TaskMessageEncoderTests {
    private func message() -> Message {
        Message(id: TaskID("i"), task: "add", body: BodyCodec.encode(TaskArguments(args: [1])))
    }

    @Test func `fills in what every message has`() {
        let wire = TaskMessageEncoder.encode(message())
        #expect(wire.exchange == "")
        #expect(wire.routingKey == "celery")
        #expect(wire.properties == WireProperties(
            contentType: "application/json", contentEncoding: "utf-8", deliveryMode: 2, correlationID: "i"))
        #expect(wire.headers == [
            "lang": "py", "task": "add", "id": "i", "shadow": nil, "eta": nil, "expires": nil, "group": nil,
            "group_index": nil, "retries": 0, "timelimit": [nil, nil], "root_id": "i", "parent_id": nil, "origin": nil,
            "ignore_result": nil, "replaced_task_nesting": 0, "stamped_headers": nil, "stamps": [:],
        ])
    }

    @Test func `counts the expiration from the moment of sending`() {
        func expiration(after seconds: Double) -> String? {
            var message = message()
            message.expires = Timestamp(seconds: 1_000 + seconds)
            return TaskMessageEncoder.encode(message, now: Timestamp(seconds: 1_000)).properties.expiration
        }
        #expect(expiration(after: 1.5) == "1500")
        #expect(expiration(after: -10) == "0")
        #expect(expiration(after: 3e8) == "300000000000")
        // RabbitMQ refuses more than ten years; the worker looks at the header in any case.
        #expect(expiration(after: 4e8) == nil)
        #expect(expiration(after: .nan) == nil)
    }

    @Test func `keeps priorities within a byte`() {
        var message = message()
        message.priority = 1_000
        #expect(TaskMessageEncoder.encode(message).properties.priority == 255)
        message.priority = -1
        #expect(TaskMessageEncoder.encode(message).properties.priority == 0)
    }

    @Test func `lets no custom header pass for one of its own`() {
        var message = message()
        message.headers = ["id": "other", "compression": "x", "lang": "swift", "x": 1]
        let headers = TaskMessageEncoder.encode(message).headers
        #expect(headers["id"] == "i")
        #expect(headers["lang"] == "swift")
        #expect(headers["compression"] == nil)
        #expect(headers.keys.last == "x")
        #expect(headers.count == 18)
    }
}
