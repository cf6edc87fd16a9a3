import Fixtures
import Testing

@testable import Mongo

@Suite struct BSONTests {
    private static let document: BSONDocument = [
        "text": "ü☃𝔘\u{0}x", "": "", "number": .double(1.5), "small": 7, "large": .int64(-1 << 40), "yes": true, "no": false, "none": nil,
        "date": .date(-1), "bytes": .binary([0, 1, 255], subtype: 5), "list": ["a", 1, ["x": []], nil], "inner": ["a": ["b": ["c": 1]]],
    ]

    @Test func `a document has the bytes of the specification's example`() throws {
        let bytes: [UInt8] = [
            0x16, 0, 0, 0, 0x02, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0, 0x06, 0, 0, 0, 0x77, 0x6F, 0x72, 0x6C, 0x64, 0, 0,
        ]
        #expect(BSONEncoder.bytes(of: ["hello": "world"]) == bytes)
        #expect(try BSONDecoder.document(bytes) == ["hello": "world"])
        #expect(BSONEncoder.bytes(of: ["a": [1, true]]) == [24, 0, 0, 0, 4, 97, 0, 16, 0, 0, 0, 16, 48, 0, 1, 0, 0, 0, 8, 49, 0, 1, 0, 0])
    }

    @Test func `every value comes back as it was, and is read by others`() throws {
        let bytes = BSONEncoder.bytes(of: Self.document)
        #expect(try BSONDecoder.document(bytes) == Self.document)
        // The decoder of the scripted server knows nothing of ours.
        let other = try MongoServerValue(bytes)
        #expect(other["text"] == .text("ü☃𝔘\u{0}x") && other["large"] == .int(-1 << 40, isLong: true) && other["bytes"] == .bytes([0, 1, 255], 5))
        #expect(try BSONDecoder.document(other.bytes) == Self.document)
    }

    @Test func `values that nobody here needs are read over`() throws {
        func whole(_ elements: [UInt8]) -> [UInt8] { [UInt8(elements.count + 5), 0, 0, 0] + elements + [0] }
        let text: [UInt8] = [2, 0, 0, 0, 120, 0]
        let elements: [[UInt8]] = [
            [7, 97, 0] + [UInt8](repeating: 1, count: 12), [0x11, 97, 0] + [UInt8](repeating: 1, count: 8), [0x13, 97, 0] + [UInt8](repeating: 1, count: 16),
            [0x7F, 97, 0], [0xFF, 97, 0], [0x0B, 97, 0, 120, 0, 105, 0], [0x0D, 97, 0] + text, [0x0E, 97, 0] + text, [0x0C, 97, 0] + text + [UInt8](repeating: 1, count: 12),
            [0x0F, 97, 0, 15, 0, 0, 0] + text + [5, 0, 0, 0, 0],
        ]
        for element in elements {
            let document = try BSONDecoder.document(whole(element + [8, 98, 0, 1]))
            #expect(document["a"] == .other(element[0]) && document["b"] == true)
        }
        #expect(try BSONDecoder.document(whole([6, 97, 0]))["a"] == .null)
    }

    @Test(arguments: [
        [], [5, 0, 0], [4, 0, 0, 0, 0], [6, 0, 0, 0, 0], [5, 0, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF, 0], [5, 0, 0, 0, 0, 0],
        // A text without an end, of no size, longer than its document; an unknown type; a name without an end.
        [14, 0, 0, 0, 2, 97, 0, 2, 0, 0, 0, 120, 120, 0], [12, 0, 0, 0, 2, 97, 0, 0, 0, 0, 0, 0], [14, 0, 0, 0, 2, 97, 0, 99, 0, 0, 0, 120, 0, 0],
        [8, 0, 0, 0, 0x20, 97, 0, 0], [8, 0, 0, 0, 10, 97, 97, 0],
        // Inner documents that reach beyond the outer.
        [14, 0, 0, 0, 3, 97, 0, 99, 0, 0, 0, 0, 0, 0], [13, 0, 0, 0, 3, 97, 0, 6, 0, 0, 0, 0, 0], [13, 0, 0, 0, 5, 97, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0],
    ] as [[UInt8]])
    func `what is no document is refused`(bytes: [UInt8]) { #expect(throws: BSONFault.self) { try BSONDecoder.document(bytes) } }

    @Test func `documents in documents have a limit`() throws {
        func nested(_ depth: Int) -> BSONDocument { depth == 0 ? [:] : ["a": .document(nested(depth - 1))] }
        #expect(throws: Never.self) { try BSONDecoder.document(BSONEncoder.bytes(of: nested(BSONDecoder.depthLimit - 1))) }
        #expect(throws: BSONFault.self) { try BSONDecoder.document(BSONEncoder.bytes(of: nested(BSONDecoder.depthLimit))) }
    }

    @Test func `survives any damage`() {
        var random = SeededGenerator(seed: 3)
        let whole = BSONEncoder.bytes(of: Self.document)
        for _ in 0..<fuzzRounds(5_000) {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                }
            }
            // Whatever can be read can be written.
            if let document = try? BSONDecoder.document(bytes) { #expect(BSONEncoder.bytes(of: document).count <= bytes.count * 4) }
        }
    }
}
