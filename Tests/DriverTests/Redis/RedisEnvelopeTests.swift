@testable import Brokers
import CeleryCore
import Fixtures
import Testing
import Wire

/// Messages as kombu writes them, and ours as it reads them.
@Suite struct RedisEnvelopeTests {
    /// As a client with Celery 5.7 sends `add.delay(2, 3)`.
    private let python = #"""
        {"body": "W1syLCAzXSwge30sIHsiY2FsbGJhY2tzIjogbnVsbCwgImVycmJhY2tzIjogbnVsbCwgImNoYWluIjogbnVsbCwgImNob3JkIjogbnVsbH1d", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "py", "task": "demo.tasks.add", "id": "5c2e", "shadow": null, "eta": null, "expires": null, "group": null, "group_index": null, "retries": 0, "timelimit": [null, null], "root_id": "5c2e", "parent_id": null, "argsrepr": "(2, 3)", "kwargsrepr": "{}", "origin": "gen7@here", "ignore_result": false, "stamped_headers": null, "stamps": {}}, "properties": {"correlation_id": "5c2e", "reply_to": "8f0a", "delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "celery"}, "priority": 3, "body_encoding": "base64", "delivery_tag": "0b7d"}}
        """#

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `reads what kombu writes, and writes the same again`() throws {
        let envelope = try RedisEnvelope(bytes(python))
        #expect((envelope.tag, envelope.isRedelivered) == ("0b7d", false))
        let message = try TaskMessageDecoder().decode(envelope.wire, queue: "celery")
        #expect((message.id.text, message.task, message.priority, message.replyTo) == ("5c2e", "demo.tasks.add", 3, "8f0a"))
        #expect(try BodyCodec.decode(message.body).args == [2, 3])
        #expect(try JSON(parsing: envelope.bytes) == JSON(parsing: bytes(python)))
    }

    @Test func `reads protocol 1, a plain body, and a compressed one`() throws {
        let one = try RedisEnvelope(bytes(#"""
            {"body": "{\"task\": \"t\", \"id\": \"i\", \"args\": [1], \"kwargs\": {}}", "content-encoding": "utf-8", "content-type": "application/json", "headers": {}, "properties": {"body_encoding": null, "delivery_tag": "a", "delivery_info": {"exchange": "", "routing_key": "q"}}}
            """#))
        #expect(try TaskMessageDecoder().decode(one.wire, queue: "q").task == "t")
        let other = try RedisEnvelope(bytes(#"{"body": "eA==", "headers": {"compression": "application/x-gzip"}, "properties": {"body_encoding": "base64"}}"#))
        #expect(other.wire.body == [0x78] && other.wire.headers["compression"] == "application/x-gzip" && other.tag == "")
    }

    @Test func `a priority that is no number is none`() throws {
        for priority in ["\"high\"", "null", "1.5", "[]"] {
            let envelope = try RedisEnvelope(bytes(#"{"body": "", "headers": {}, "properties": {"priority": \#(priority)}}"#))
            #expect(envelope.wire.properties.priority == nil)
        }
    }

    @Test(arguments: [
        "", "nonsense", "[]", "7", "{}", #"{"body": 7}"#, #"{"body": {}, "properties": {}}"#, #"{"body": "*", "properties": {"body_encoding": "base64"}}"#,
        #"{"body": "x", "properties": {"body_encoding": "rot13"}}"#,
    ])
    func `refuses what is no message`(text: String) {
        #expect(throws: MalformedMessage.self) { try RedisEnvelope(bytes(text)) }
    }

    @Test func `marks a held message as delivered before, and changes nothing else`() throws {
        let marked = try #require(RedisEnvelope.redelivering(bytes("[\(python), \"\", \"celery\"]")))
        let envelope = try RedisEnvelope(marked)
        #expect(envelope.isRedelivered && envelope.tag == "0b7d")
        var plain = envelope
        plain.isRedelivered = false
        #expect(try JSON(parsing: plain.bytes) == JSON(parsing: bytes(python)))
        let odd = try #require(RedisEnvelope.redelivering(bytes(#"[{"body": "", "n": 123456789012345678901234567890, "e": [], "headers": {"h": 1.5e3}, "properties": {}}, "", "q"]"#)))
        #expect(String(decoding: odd, as: UTF8.self).contains("123456789012345678901234567890, \"e\": []"))
        for held in ["", "{}", "[]", "[7]"] { #expect(RedisEnvelope.redelivering(bytes(held)) == nil) }
    }

    @Test(arguments: 0..<20) func `damaged messages are refused or read, and never more`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var text = bytes(python)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 0..<max(1, text.count), using: &generator)
                switch text.isEmpty ? 2 : Int.random(in: 0..<4, using: &generator) {
                case 0: text[at] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: text.remove(at: at)
                case 2: text.insert(contentsOf: text.prefix(at).suffix(20), at: min(at, text.count))
                default: text.removeLast(text.count - max(1, at))
                }
            }
            if let envelope = try? RedisEnvelope(text) {
                _ = try? TaskMessageDecoder().decode(envelope.wire, queue: "q")
                #expect((try? RedisEnvelope(envelope.bytes)) != nil)
            }
            _ = RedisEnvelope.redelivering(text)
        }
    }
}
