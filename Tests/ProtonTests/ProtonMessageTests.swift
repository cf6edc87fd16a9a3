import Fixtures
import Testing

@testable import Proton

@Suite struct ProtonMessageTests {
    private var whole: ProtonMessage {
        var message = ProtonMessage()
        (message.isDurable, message.priority, message.timeToLive) = (true, 9, 70_000)
        (message.messageID, message.subject, message.replyTo, message.correlationID) = ("m", "s", "r", "c")
        (message.contentType, message.contentEncoding) = ("application/json", "utf-8")
        message.annotations = [.init(.symbol("x-opt-delivery-time"), .timestamp(1_700_000_000_123))]
        message.headers = [
            .init(.string("text"), .string("ü☃")), .init(.string("long"), .string(String(repeating: "x", count: 70_000))),
            .init(.string("number"), .long(-129)), .init(.string("big"), .long(.max)), .init(.string("none"), .null), .init(.string("flag"), .bool(false)),
            .init(.string("half"), .double(0.5)), .init(.string("list"), .list([.uint(7), .list([]), .map([.init(.symbol("k"), .binary([0, 255]))])])),
        ]
        message.body = [UInt8](0...255) + [UInt8](repeating: 7, count: 1_000)
        return message
    }

    @Test func `a message comes back as it was`() throws {
        #expect(try ProtonMessage(decoding: whole.encoded()) == whole)
        var empty = ProtonMessage()
        #expect(try ProtonMessage(decoding: empty.encoded()) == empty)
        empty.body = [1]
        #expect(try ProtonMessage(decoding: empty.encoded()) == empty)
    }

    @Test func `a recorded message of RabbitMQ is read`() throws {
        // Header: durable, priority 5, not the first delivery; properties: empty; data: "ok".
        let bytes: [UInt8] = [0, 0x53, 0x70, 0xC0, 0x07, 0x05, 0x41, 0x50, 0x05, 0x40, 0x42, 0x40, 0, 0x53, 0x73, 0x45, 0, 0x53, 0x75, 0xA0, 0x02, 0x6F, 0x6B]
        let message = try ProtonMessage(decoding: bytes)
        #expect(message.isDurable && message.priority == 5 && !message.isFirst && message.deliveryCount == 0)
        #expect(message.body == Array("ok".utf8))
    }

    @Test func `bodies of other senders are text, several pieces, or foreign`() throws {
        func message(_ section: UInt64, _ values: ProtonValue...) throws -> ProtonMessage {
            var bytes: [UInt8] = []
            for value in values { ProtonEncoder.put(.described(.ulong(section), value), into: &bytes) }
            return try ProtonMessage(decoding: bytes)
        }
        #expect(try message(0x77, .string("hé")).body == Array("hé".utf8))
        #expect(try message(0x75, .binary([1]), .binary([2, 3])).body == [1, 2, 3])
        #expect(try message(0x77, .long(7)).hasForeignBody)
        #expect(try message(0x76, .list([])).hasForeignBody)
        #expect(try !message(0x77, .null).hasForeignBody)
    }

    @Test(arguments: [
        [0x53], [0xA0, 5, 1], [0xB0, 0xFF, 0xFF, 0xFF, 0xFF, 1], [0xC0, 3, 200], [0xD0, 0, 0, 0, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0x40], [0xC1, 3, 1, 0x40],
        [0xF0, 0, 0, 0, 6, 0xFF, 0xFF, 0xFF, 0xFF, 0x40], [0xE0, 2, 1, 0], [0x30], [0],
    ] as [[UInt8]])
    func `bytes that are no value are a fault`(bytes: [UInt8]) {
        #expect(throws: ProtonDecoder.Fault.self) {
            var decoder = ProtonDecoder(bytes[...])
            _ = try decoder.next()
        }
    }

    @Test func `types that are not needed are passed over`() throws {
        let bytes: [UInt8] = [0x73, 0, 0, 0, 65, 0x98] + [UInt8](repeating: 1, count: 16) + [0x84, 1, 2, 3, 4, 5, 6, 7, 8, 0xE0, 4, 2, 0x52, 7, 8, 0x60, 1, 0]
        var decoder = ProtonDecoder(bytes[...])
        var values: [ProtonValue] = []
        while !decoder.isAtEnd { values.append(try decoder.next()) }
        #expect(values == [.other, .other, .other, .list([.uint(7), .uint(8)]), .uint(256)])
    }

    @Test func `deep nesting is a fault and no crash`() {
        for code: [UInt8] in [[0], [0xC0, 0xFE, 1]] {
            let bytes = (0..<100_000).flatMap { _ in code }
            #expect(throws: ProtonDecoder.Fault.self) {
                var decoder = ProtonDecoder(bytes[...])
                _ = try decoder.next()
            }
        }
    }

    @Test func `damaged messages are read or refused, and nothing else`() {
        var generator = SeededGenerator(seed: 10)
        let good = whole.encoded()
        for _ in 0..<fuzzRounds(4_000) {
            var bytes = good
            // The long header is the same everywhere.
            bytes.removeSubrange(200..<min(bytes.count, 69_000))
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                }
            }
            do throws(ProtonDecoder.Fault) {
                // What is read can be written.
                _ = try ProtonMessage(decoding: bytes).encoded()
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
