import Fixtures
import Testing

@testable import Redis

@Suite struct RESPDecoderTests {
    private func decode(_ text: String, _ limits: RESPDecoder.Limits = RESPDecoder.Limits()) throws -> [RESPValue] {
        var decoder = RESPDecoder(limits: limits)
        decoder.feed(Array(text.utf8))
        var values: [RESPValue] = []
        while let value = try decoder.next() { values.append(value) }
        return values
    }

    private static let samples: [(String, RESPValue)] = [
        ("+OK\r\n", .status("OK")), ("+\r\n", .status("")), ("-ERR no such key\r\n", .error("ERR no such key")),
        (":0\r\n", .integer(0)), (":-42\r\n", .integer(-42)), (":9223372036854775807\r\n", .integer(.max)),
        ("$5\r\nhello\r\n", .bytes(Array("hello".utf8))), ("$0\r\n\r\n", .bytes([])), ("$4\r\n\r\n\r\n\r\n", .bytes([13, 10, 13, 10])),
        ("$-1\r\n", .null), ("*-1\r\n", .null), ("*0\r\n", .array([])),
        ("*2\r\n:1\r\n$1\r\na\r\n", .array([.integer(1), .bytes([97])])),
        ("*3\r\n*1\r\n*0\r\n$-1\r\n-ERR x\r\n", .array([.array([.array([])]), .null, .error("ERR x")])),
        // RESP3
        ("_\r\n", .null), ("#t\r\n", .integer(1)), ("#f\r\n", .integer(0)), (",1.5\r\n", .bytes(Array("1.5".utf8))),
        (",inf\r\n", .bytes(Array("inf".utf8))), ("(3492890328409238509324850943850943825024385\r\n", .bytes(Array("3492890328409238509324850943850943825024385".utf8))),
        ("!9\r\nERR a\r\nbc\r\n", .error("ERR a\r\nbc")), ("=6\r\ntxt:ab\r\n", .bytes([97, 98])),
        ("%1\r\n+a\r\n:1\r\n", .array([.status("a"), .integer(1)])), ("~1\r\n:1\r\n", .array([.integer(1)])),
        (">2\r\n+message\r\n+x\r\n", .push([.status("message"), .status("x")])),
        ("|1\r\n+ttl\r\n:3\r\n:7\r\n", .integer(7)), ("*2\r\n|1\r\n+a\r\n*1\r\n:9\r\n:1\r\n:2\r\n", .array([.integer(1), .integer(2)])),
        ("|0\r\n+OK\r\n", .status("OK")),
    ]

    @Test func `reads every type`() throws {
        for (text, value) in Self.samples { #expect(try decode(text) == [value], "\(text.debugDescription)") }
        #expect(try decode(Self.samples.map(\.0).joined()) == Self.samples.map(\.1))
    }

    @Test func `reads a reply that comes byte by byte, once it is whole`() throws {
        var decoder = RESPDecoder()
        for (text, value) in Self.samples {
            let bytes = Array(text.utf8)
            for byte in bytes.dropLast() {
                decoder.feed([byte])
                #expect(try decoder.next() == nil)
                #expect(decoder.isWithinReply)
            }
            decoder.feed([bytes.last!])
            #expect(try decoder.next() == value)
            #expect(!decoder.isWithinReply)
        }
    }

    @Test func `refuses what is not the protocol`() {
        for text in [
            "HTTP/1.1 400 Bad Request\r\n", "\r\n", "\n", "+OK\n", ":\r\n", ":x\r\n", ":1 \r\n", ":--1\r\n", ":+1\r\n",
            ":9223372036854775808\r\n", "$-2\r\n", "$x\r\n", "$3\r\nabcd\r\n", "*-2\r\n", "=3\r\nabc\r\n", "%-1\r\n", "#x\r\n", "$?\r\n", "*?\r\n",
        ] {
            #expect(throws: RESPError.self, "\(text.debugDescription)") { try decode(text) }
        }
    }

    @Test func `refuses what is larger than its limits`() throws {
        var limits = RESPDecoder.Limits()
        (limits.value, limits.line, limits.count, limits.depth, limits.reply) = (10, 20, 4, 3, 60)
        #expect(try decode("$10\r\n0123456789\r\n", limits) == [.bytes(Array("0123456789".utf8))])
        #expect(try decode("*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n", limits).count == 1)
        #expect(try decode("*1\r\n*1\r\n*1\r\n:1\r\n", limits).count == 1)
        for text in [
            "$11\r\n", "+" + String(repeating: "x", count: 30), "*5\r\n", "%3\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n",
            "*4\r\n" + String(repeating: "$10\r\n0123456789\r\n", count: 4), "$99999999999999999999\r\n",
        ] {
            #expect(throws: RESPError.self, "\(text.debugDescription)") { try decode(text, limits) }
        }
        // A second reply begins to count anew.
        let reply = "*2\r\n" + String(repeating: "$10\r\n0123456789\r\n", count: 2)
        #expect(try decode(String(repeating: reply, count: 20), limits).count == 20)
    }

    @Test func `takes no memory for what is only announced`() throws {
        var decoder = RESPDecoder()
        // A million elements each, sixteen deep: had room been made for them, no machine would have it.
        for _ in 0..<16 { decoder.feed(Array("*1048576\r\n".utf8)) }
        #expect(try decoder.next() == nil)
        decoder.feed(Array("*1\r\n".utf8))
        #expect(throws: RESPError.self) { try decoder.next() }
    }

    @Test func `a reply is the same however it is cut`() throws {
        var random = SeededGenerator(seed: 61)
        let text = Array(Self.samples.map(\.0).joined().utf8)
        for _ in 0..<fuzzRounds(300) {
            var decoder = RESPDecoder()
            var values: [RESPValue] = []
            var start = 0
            while start < text.count {
                let end = min(text.count, start + Int.random(in: 1...40, using: &random))
                decoder.feed(Array(text[start..<end]))
                while let value = try decoder.next() { values.append(value) }
                start = end
            }
            #expect(values == Self.samples.map(\.1))
        }
    }

    @Test func `survives damaged replies`() {
        var random = SeededGenerator(seed: 62)
        var limits = RESPDecoder.Limits()
        (limits.value, limits.reply) = (1 << 16, 1 << 18)
        var outcomes = (read: 0, refused: 0, unfinished: 0)
        for _ in 0..<fuzzRounds(20_000) {
            var bytes = Array(Self.samples[Int.random(in: 0..<Self.samples.count, using: &random)].0.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array("+-:$*_#,(!=%~>|0123456789\r\n".utf8).randomElement(using: &random)!, at: place)
                default: bytes.insert(contentsOf: bytes, at: place)
                }
            }
            var decoder = RESPDecoder(limits: limits)
            decoder.feed(bytes)
            do {
                var count = 0
                while try decoder.next() != nil { count += 1 }
                if decoder.isWithinReply { outcomes.unfinished += 1 } else { outcomes.read += 1 }
                #expect(count <= bytes.count)
            } catch {
                outcomes.refused += 1
            }
        }
        // Damage of every kind was tried.
        #expect(outcomes.read > 100 && outcomes.refused > 100 && outcomes.unfinished > 100, "\(outcomes)")
    }
}
