import Fixtures
import Testing

@testable import Tyrant

@Suite struct TyrantDecoderTests {
    private static let samples: [(bytes: [UInt8], shape: TyrantReply.Shape, reply: TyrantReply)] = [
        ([0], .code, .done(true)), ([1], .code, .done(false)), ([0, 0, 0, 1, 0], .size, .size(256)), ([1], .size, .size(nil)),
        ([0, 0, 0, 0, 0], .keys, .keys([])), ([1], .keys, .keys([])),
        ([0, 0, 0, 0, 2, 0, 0, 0, 1, 97, 0, 0, 0, 0], .keys, .keys([[97], []])),
        ([0, 0, 0, 0, 0], .records, .records([])), ([1], .records, .records([])),
        (
            [0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 97, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 98, 99], .records,
            .records([TyrantRecord(key: [97], value: [1, 0]), TyrantRecord(key: [98, 99], value: [])])
        ),
        ([0, 0, 0, 0, 3, 97, 9, 98], .text, .text("a\tb")), ([1], .text, .text("")),
    ]

    @Test func `reads every reply`() throws {
        for sample in Self.samples {
            var decoder = TyrantDecoder()
            decoder.feed(sample.bytes)
            #expect(try decoder.next(sample.shape) == sample.reply)
            #expect(decoder.isEmpty)
        }
        var decoder = TyrantDecoder()
        decoder.feed(Self.samples.flatMap(\.bytes))
        for sample in Self.samples { #expect(try decoder.next(sample.shape) == sample.reply) }
        #expect(decoder.isEmpty)
    }

    @Test func `reads a reply that comes byte by byte, once it is whole`() throws {
        var decoder = TyrantDecoder()
        for sample in Self.samples {
            for byte in sample.bytes.dropLast() {
                decoder.feed([byte])
                #expect(try decoder.next(sample.shape) == nil)
            }
            decoder.feed([sample.bytes.last!])
            #expect(try decoder.next(sample.shape) == sample.reply)
        }
    }

    @Test(arguments: [Array("HTTP/1.1 400 Bad Request".utf8), Array("-ERR unknown command".utf8), [2], [255]])
    func `refuses what is not the protocol`(bytes: [UInt8]) {
        for shape in [TyrantReply.Shape.code, .records, .size, .keys, .text] {
            var decoder = TyrantDecoder()
            decoder.feed(bytes)
            #expect(throws: TyrantReplyFault.self) { try decoder.next(shape) }
        }
    }

    @Test func `takes no more than its limits, and no memory for what was only announced`() throws {
        var limits = TyrantDecoder.Limits()
        (limits.key, limits.value, limits.reply) = (4, 10, 40)
        func decode(_ bytes: [UInt8], _ shape: TyrantReply.Shape) throws -> TyrantReply? {
            var decoder = TyrantDecoder(limits: limits)
            decoder.feed(bytes)
            return try decoder.next(shape)
        }
        #expect(try decode([0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 10], .records) == nil)
        #expect(throws: TyrantReplyFault.self) { try decode([0, 0, 0, 0, 1, 0, 0, 0, 5], .records) }
        #expect(throws: TyrantReplyFault.self) { try decode([0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 11], .records) }
        #expect(throws: TyrantReplyFault.self) { try decode([0, 0, 0, 0, 11], .text) }
        #expect(throws: TyrantReplyFault.self) { try decode([0, 0xFF, 0xFF, 0xFF, 0xFF], .keys) }
        // Many small ones are too much as well.
        let record: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 10] + [UInt8](repeating: 65, count: 11)
        #expect(throws: TyrantReplyFault.self) { try decode([0, 0, 0, 0, 9] + record + record + record, .records) }
        // Two thousand million records that never come.
        #expect(try decode([0, 0x7F, 0xFF, 0xFF, 0xFF], .records) == nil)
    }

    @Test func `survives any damage`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<fuzzRounds(5_000) {
            let sample = Self.samples[Int.random(in: 0..<Self.samples.count, using: &random)]
            var bytes = sample.bytes + sample.bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                }
            }
            var decoder = TyrantDecoder()
            decoder.feed(bytes)
            var count = 0
            while (try? decoder.next(sample.shape)) ?? nil != nil { count += 1 }
            // Each reply has at least a byte, and so it cannot go on for ever.
            #expect(count <= bytes.count)
        }
    }
}
