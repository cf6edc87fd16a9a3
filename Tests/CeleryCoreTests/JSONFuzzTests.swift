import CeleryCore
import Fixtures
import Testing

@Suite struct JSONFuzzTests {
    @Test func `survives damaged texts`() {
        var random = RandomJSON(seed: 2)
        var accepted = 0
        for round in 0..<fuzzRounds(20_000) {
            var bytes = random.value().bytes(style: round % 2 == 0 ? .python : .compact)
            for _ in 0..<Int.random(in: 1...4, using: &random.random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random.random)
                switch Int.random(in: 0...3, using: &random.random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random.random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array("\"\\{}[],:-.eEu0".utf8).randomElement(using: &random.random)!, at: place)
                default: bytes.removeLast(bytes.count - place)
                }
            }
            // Whatever is accepted must be writable and come back the same.
            guard let value = try? JSON(parsing: bytes) else { continue }
            accepted += 1
            let written = value.bytes(style: .python)
            #expect((try? JSON(parsing: written))?.bytes(style: .python) == written)
        }
        #expect(accepted > 500)
    }

    @Test func `survives random bytes`() {
        var random = SeededGenerator(seed: 3)
        let alphabet = Array("[]{}\",:\\u0123456789abcdefntrueINaNfinty-+.eE \n".utf8)
        for _ in 0..<fuzzRounds(50_000) {
            let length = Int.random(in: 0...40, using: &random)
            let bytes = (0..<length).map { _ in
                Int.random(in: 0...9, using: &random) == 0
                    ? UInt8.random(in: 0...255, using: &random) : alphabet.randomElement(using: &random)!
            }
            do throws(JSONError) {
                _ = try JSON(parsing: bytes)
            } catch {
                #expect(0...length ~= error.offset)
            }
        }
    }

    @Test func `takes time in proportion to the number of members`() throws {
        // Without an index, half a million names would be compared a hundred billion times.
        let text = "{" + (0..<500_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try JSON(parsing: text).objectValue?.count == 500_000)
    }
}
