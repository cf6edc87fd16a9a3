import Glibc
import Testing

@testable import Arguments

@Suite struct RawArgumentsTests {
    private func read(_ words: [[UInt8]]) throws(ArgumentError) -> [String] {
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
        return try RawArguments.decode(count: words.count, vector: vector.baseAddress!)
    }

    @Test func `reads words after the program's name`() throws {
        #expect(try read(["celery", "apply", "Grüße", ""].map { Array($0.utf8) }) == ["apply", "Grüße", ""])
        #expect(try read([Array("celery".utf8)]) == [])
        #expect(try read([]) == [])
    }

    @Test func `refuses bytes that are no text and says where`() {
        #expect(throws: ArgumentError("argument 2 is not valid UTF-8: 'caf\\xE9\\x0A'")) {
            try read([Array("celery".utf8), Array("apply".utf8), Array("caf".utf8) + [0xE9, 0x0A]])
        }
    }

    @Test func `reads this very process`() throws {
        #expect(try RawArguments.read() == Array(CommandLine.arguments.dropFirst()))
    }
}
