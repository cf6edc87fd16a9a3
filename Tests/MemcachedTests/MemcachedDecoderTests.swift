import Fixtures
import Testing

@testable import Memcached

@Suite struct MemcachedDecoderTests {
    private func decode(_ text: String, _ limits: MemcachedDecoder.Limits = MemcachedDecoder.Limits()) throws -> [MemcachedReply] {
        var decoder = MemcachedDecoder(limits: limits)
        decoder.feed(Array(text.utf8))
        var replies: [MemcachedReply] = []
        while let reply = try decoder.next() { replies.append(reply) }
        return replies
    }

    private static func value(_ key: String, _ text: String, flags: UInt32 = 0, version: UInt64 = 0) -> MemcachedValue {
        MemcachedValue(key: key, flags: flags, bytes: Array(text.utf8), version: version)
    }

    private static let samples: [(String, MemcachedReply)] = [
        ("STORED\r\n", .word("STORED")), ("NOT_STORED\r\n", .word("NOT_STORED")), ("EXISTS\r\n", .word("EXISTS")),
        ("NOT_FOUND\r\n", .word("NOT_FOUND")), ("DELETED\r\n", .word("DELETED")), ("TOUCHED\r\n", .word("TOUCHED")),
        ("VERSION 1.6.18\r\n", .word("VERSION 1.6.18")), ("0\r\n", .number(0)), ("18446744073709551615\r\n", .number(.max)), ("9  \r\n", .number(9)),
        ("ERROR\r\n", .error("ERROR")), ("SERVER_ERROR out of memory\r\n", .error("SERVER_ERROR out of memory")),
        ("CLIENT_ERROR bad data chunk\r\n", .error("CLIENT_ERROR bad data chunk")), ("END\r\n", .values([])),
        ("VALUE k 0 3\r\nabc\r\nEND\r\n", .values([value("k", "abc")])),
        ("VALUE k 16 0 7\r\n\r\nVALUE l 0 7 8\r\nEND\r\n\r\n\r\nEND\r\n", .values([value("k", "", flags: 16, version: 7), value("l", "END\r\n\r\n", version: 8)])),
        // An error in the place of the rest.
        ("VALUE k 0 1\r\na\r\nSERVER_ERROR out of memory writing get response\r\n", .error("SERVER_ERROR out of memory writing get response")),
    ]

    @Test func `reads every reply`() throws {
        for (text, reply) in Self.samples { #expect(try decode(text) == [reply], "\(text.debugDescription)") }
        #expect(try decode(Self.samples.map(\.0).joined()) == Self.samples.map(\.1))
    }

    @Test func `reads a reply that comes byte by byte, once it is whole`() throws {
        var decoder = MemcachedDecoder()
        for (text, reply) in Self.samples {
            let bytes = Array(text.utf8)
            for byte in bytes.dropLast() {
                decoder.feed([byte])
                #expect(try decoder.next() == nil)
            }
            decoder.feed([bytes.last!])
            #expect(try decoder.next() == reply)
        }
    }

    @Test func `refuses what is not the protocol`() {
        for text in [
            "HTTP/1.1 400 Bad Request\r\n", "-ERR unknown command\r\n", "\r\n", "\n", "STORED\n", "stored\r\n", "-1\r\n", "1 2\r\n", "18446744073709551616\r\n",
            "VALUE\r\n", "VALUE k\r\n", "VALUE k 0\r\n", "VALUE k 0 -1\r\n", "VALUE k x 1\r\n", "VALUE k 0 1 x\r\n", "VALUE  0 1\r\n",
            "VALUE k 0 1 2 3\r\n", "VALUE k 4294967296 1\r\n", "VALUE k 0 1\r\nabc\r\nEND\r\n", "VALUE k 0 1\r\na\r\nSTORED\r\n",
        ] {
            #expect(throws: MemcachedReplyFault.self, "\(text.debugDescription)") { try decode(text) }
        }
    }

    @Test func `takes no more than its limits, and no memory for what was only announced`() throws {
        var limits = MemcachedDecoder.Limits()
        (limits.value, limits.line, limits.reply) = (10, 40, 200)
        #expect(try decode("VALUE k 0 10\r\n0123456789\r\nEND\r\n", limits).count == 1)
        #expect(throws: MemcachedReplyFault.self) { try decode("VALUE k 0 11\r\n", limits) }
        #expect(throws: MemcachedReplyFault.self) { try decode(String(repeating: "x", count: 41), limits) }
        #expect(throws: MemcachedReplyFault.self) { try decode(String(repeating: "VALUE k 0 1\r\na\r\n", count: 4), limits) }
        #expect(throws: MemcachedReplyFault.self) { try decode("VALUE k 0 9999999999999\r\n") }
        #expect(try decode("VALUE k 0 1000000000\r\nabc").isEmpty)
    }

    @Test func `survives any damage`() {
        var random = SeededGenerator(seed: 11)
        let whole = Array(Self.samples.map(\.0).joined().utf8)
        for _ in 0..<fuzzRounds(3_000) {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                }
            }
            var decoder = MemcachedDecoder()
            decoder.feed(bytes)
            var count = 0
            while (try? decoder.next()) != nil { count += 1 }
            // Each reply ends a line, and so it cannot go on for ever.
            #expect(count <= whole.count)
        }
    }
}
