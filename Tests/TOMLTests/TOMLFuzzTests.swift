import CeleryCore
import Fixtures
import TOML
import Testing

@Suite struct TOMLFuzzTests {
    private static let seed = """
        # A comment
        title = "TOML \\u00e9 \\"x\\""
        'quoted.name' = '''
        one
        two'''
        a.b.c = [1, -2.5e3, "x", [true, {}], 0xFF]
        [table.deep]
        when = 1979-05-27T07:32:00.999-07:00
        day = 1979-05-27
        clock = 10:00:00
        more = { x = inf, y.z = [{ a = 1 }, { b = nan }] }
        [[list]]
        n = 1_000
        [[list]]
        text = \"\"\"a\\
           b\"\"\"
        [list.inner]
        k = false

        """

    private static let pieces = [
        "\"", "'", "[", "]", "{", "}", "=", "\n", "#", ".", "\\", "\"\"\"", "'''", "1", "-", "\u{0}", "é", "inf", "\\u0000", "2020-01-01",
        "T", " ", ",", "+", "_", ":", "0x", "e", "\r\n", "[[", "]]", "a", "\u{FEFF}", "\\U0010FFFF",
    ]

    @Test func `mutated and random bytes are read or refused with a place in them, twice the same way`() {
        var random = SeededGenerator(seed: 7)
        var accepted = 0
        for round in 0..<8_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 8) {
                bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            } else if round % 8 == 1 {
                bytes = (0..<Int.random(in: 0...30, using: &random)).flatMap { _ in Array(Self.pieces.randomElement(using: &random)!.utf8) }
            } else {
                bytes = Array(Self.seed.utf8)
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] = .random(in: 0...255, using: &random)
                    case 1: bytes.remove(at: place)
                    case 2: bytes.removeLast(.random(in: 0...bytes.count / 4, using: &random))
                    default: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random)!.utf8, at: place)
                    }
                }
            }
            let lineCount = bytes.count { $0 == UInt8(ascii: "\n") } + 1
            switch (Self.outcome(of: bytes), Self.outcome(of: bytes)) {
            case (.success(let one), .success(let other)):
                accepted += 1
                // nan is equal to nothing.
                #expect("\(one)" == "\(other)")
                #expect(one.members.allSatisfy { (1...lineCount).contains($0.line) })
            case (.failure(let one), .failure(let other)):
                #expect(one == other)
                #expect((1...lineCount).contains(one.line) && (1...(bytes.count + 1)).contains(one.column), "\(one)")
                #expect(!one.message.isEmpty)
            default: Issue.record("read once and refused once: \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(accepted > 400, "most are refused, but not all: \(accepted)")
    }

    private static func outcome(of bytes: [UInt8]) -> Result<TOMLTable, TOMLError> {
        Result { () throws(TOMLError) in try TOMLTable(parsing: bytes) }
    }
}
