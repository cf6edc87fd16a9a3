import Glibc
import Testing

@testable import Arguments

@Suite struct RawArgumentsTests {
    private func read(_ words: [[UInt8]]) -> RawArguments {
        let vector = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: word.count + 1)
            for (offset, byte) in (word + [0]).enumerated() { copy[offset] = CChar(bitPattern: byte) }
            vector[index] = copy
        }
        vector[words.count] = nil
        defer {
            for word in vector { word?.deallocate() }
            vector.deallocate()
        }
        return RawArguments(count: words.count, vector: vector.baseAddress!)
    }

    @Test func `reads words after the program's name`() throws {
        #expect(read(["celery", "apply", "Grüße", ""].map { Array($0.utf8) }).words == ["apply", "Grüße", ""])
        #expect(read([Array("celery".utf8)]).words == [])
        #expect(read([]).words == [])
    }

    private static let odd = Array("caf".utf8) + [0xE9, 0x0A]

    private func parse(_ words: [[UInt8]]) throws(ArgumentError) -> ParsedArguments {
        try ArgumentParser.parse(read([Array("celery".utf8)] + words), table: MadeUp.table)
    }

    @Test func `keeps the bytes of an operand that may be any`() throws {
        let arguments = try parse([Array("apply".utf8), Array("t".utf8), Self.odd, Array("x".utf8), Array("--".utf8), [0x2D, 0xFF]])
        #expect(arguments.operands.count == 4)
        #expect(arguments.bytes(ofOperand: 0) == Array("t".utf8))
        #expect(arguments.bytes(ofOperand: 1) == Self.odd)
        #expect(arguments.bytes(ofOperand: 2) == Array("x".utf8))
        #expect(arguments.bytes(ofOperand: 3) == [0x2D, 0xFF])
    }

    @Test(arguments: [["apply"], ["apply", "t", "--queue"], ["apply", "t", "-q", "-H"], ["status"], []])
    func `refuses bytes that are no text anywhere else, and says where`(_ before: [String]) {
        let words = before.map { Array($0.utf8) } + [Self.odd]
        let error = #expect(throws: ArgumentError.self) { try parse(words) }
        #expect(error?.message == "argument \(before.count + 1) is not valid UTF-8: 'caf\\xE9\\x0A'")
    }

    @Test func `reads this very process`() throws {
        #expect(RawArguments.read().words == Array(CommandLine.arguments.dropFirst()))
    }
}
