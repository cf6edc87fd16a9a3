import Fixtures
import Testing

@testable import Tasks

@Suite struct OptionWordsTests {
    private func words(_ text: String) -> [String]? {
        let words = OptionWords(text.utf8)
        return words.isBalanced ? words.words : nil
    }

    @Test(arguments: [
        ("", []), (" , \t\r", []), ("a=1 b=2,c=3", ["a=1", "b=2", "c=3"]), ("a=\"1 2,3\" b", ["a=1 2,3", "b"]),
        ("a='1 \"2\"'", ["a=1 \"2\""]), ("a=\"it's\"", ["a=it's"]), ("a=\"\"", ["a="]), ("''", [""]), ("'a b'=1", ["a b=1"]),
        ("a=1' '2", ["a=1 2"]), ("a='\\' b", ["a=\\", "b"]),
    ])
    func `blanks and commas part words, but not in quotes`(text: String, expected: [String]) {
        #expect(words(text) == expected)
    }

    @Test(arguments: ["\"", "a='", "a='b\"", "a=it's", "a=\"b\"\""])
    func `a quote without its other half is told`(text: String) {
        #expect(words(text) == nil)
    }

    @Test func `what is written in quotes is read as it was, whatever it is`() {
        var random = SeededGenerator(seed: 4)
        let letters = Array("ab=* ,\t/-\"'\\é")
        for _ in 0..<fuzzRounds(20_000) {
            let wanted = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                String((0..<Int.random(in: 0...6, using: &random)).map { _ in letters.randomElement(using: &random)! })
            }
            // Pieces between double quotes go into double quotes, and double quotes into single ones.
            let written = wanted.map { word in
                "\"" + word.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"'\"'\"") + "\""
            }
            #expect(words(written.joined(separator: ", ")) == wanted)
        }
    }
}
