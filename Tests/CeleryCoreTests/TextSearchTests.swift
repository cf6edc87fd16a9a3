import Testing

@testable import CeleryCore

@Suite struct TextSearchTests {
    @Test func `finds a part where it stands first`() {
        let text = "a://b://c"
        #expect(text.firstRange(ofText: "://").map { text[..<$0.lowerBound] } == "a")
        #expect("aab".firstRange(ofText: "ab").map { String("aab"["aab".index(after: "aab".startIndex)..<$0.upperBound]) } == "ab")
        #expect("größe".contains(text: "öß"))
        #expect("abc"[...].dropFirst().contains(text: "bc"))
    }

    @Test(arguments: [("abc", "abd"), ("", "a"), ("ab", "abc"), ("abc", "")]) func `finds nothing else`(_ text: String, _ part: String) {
        #expect(!text.contains(text: part))
    }

    @Test(arguments: [
        ("a-b-c", "-", "+", "a+b+c"), ("--", "-", "", ""), ("aaa", "aa", "b", "ba"), ("x", "y", "z", "x"), ("\\'", "'", "\\'", "\\\\'"),
        ("ab", "b", "bb", "abb"),
    ])
    func `exchanges every occurrence, and not what it put in`(_ text: String, _ part: String, _ other: String, _ result: String) {
        #expect(text.replacing(text: part, with: other) == result)
    }
}
