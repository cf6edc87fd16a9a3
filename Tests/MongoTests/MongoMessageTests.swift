import Fixtures
import Testing

@testable import Mongo

@Suite struct MongoMessageTests {
    /// An answer as a server sends it.
    private func answer(_ document: BSONDocument, to number: Int32, flags: [UInt8] = [0, 0, 0, 0], tail: [UInt8] = []) -> [UInt8] {
        let body = flags + [0] + BSONEncoder.bytes(of: document) + tail
        var header: [UInt8] = []
        for word in [Int32(16 + body.count), 99, number, 2_013] { BSONEncoder.append(word, to: &header) }
        return header + body
    }

    @Test func `a command is one section of a message`() {
        var bytes: [UInt8] = []
        MongoMessage.append(["ping": 1], number: 258, to: &bytes)
        #expect(bytes == [36, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0xDD, 7, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 16, 112, 105, 110, 103, 0, 1, 0, 0, 0, 0])
    }

    @Test func `answers are read in any pieces`() throws {
        let all = answer(["a": 1], to: 1) + answer(["b": "text"], to: 2, flags: [1, 0, 0, 0], tail: [1, 2, 3, 4])
        for size in 1...all.count {
            var decoder = MongoMessage.Decoder()
            var found: [(BSONDocument, Int32)] = []
            for start in stride(from: 0, to: all.count, by: size) {
                decoder.feed(Array(all[start..<min(start + size, all.count)]))
                while let next = try decoder.next() { found.append((next.document, next.answers)) }
            }
            #expect(found.map(\.0) == [["a": 1], ["b": "text"]] && found.map(\.1) == [1, 2])
        }
    }

    @Test func `refuses what is no answer, and takes no more than its limit`() {
        func fault(_ bytes: [UInt8], limit: Int = MongoMessage.limit) -> BSONFault? {
            var decoder = MongoMessage.Decoder(limit: limit)
            decoder.feed(bytes)
            return #expect(throws: BSONFault.self) { _ = try decoder.next() }
        }
        #expect(fault(Array("HTTP/1.1 400 Bad Request\r\n".utf8)) != nil)
        // An answer to an old kind of question.
        #expect(fault([36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])?.description == "a message of kind 1 is no answer")
        #expect(fault([20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xDD, 7, 0, 0])?.description == "no message has 20 bytes")
        #expect(fault(answer(["a": 1], to: 1), limit: 30) != nil)
        #expect(fault(answer(["a": 1], to: 1, flags: [2, 0, 0, 0]))?.description == "an answer is in an unknown form")
        #expect(fault(answer(["a": 1], to: 1, tail: [0])) != nil)
    }

    @Test func `survives any damage`() {
        var random = SeededGenerator(seed: 8)
        let whole = answer(["cursor": ["firstBatch": [["_id": "a", "result": "5"]], "id": .int64(0)], "ok": .double(1)], to: 1)
        for _ in 0..<fuzzRounds(3_000) {
            var bytes = whole + whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var decoder = MongoMessage.Decoder()
            decoder.feed(bytes)
            var count = 0
            while (try? decoder.next()) ?? nil != nil { count += 1 }
            #expect(count <= 2)
        }
    }
}
