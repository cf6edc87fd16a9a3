import CeleryCore
import Testing

@Suite struct LogTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("naïve 😀", "naïve 😀"), ("a\nb\tc\r", "a\\u{a}b\\u{9}c\\u{d}"), ("\u{1B}[2J", "\\u{1b}[2J"),
        ("\u{9B}31m", "\\u{9b}31m"), ("a\u{2028}b", "a\\u{2028}b"), ("\u{202E}gpj.exe", "\\u{202e}gpj.exe"), ("\u{7F}", "\\u{7f}"),
    ])
    func `text of a stranger stays in one line and moves no cursor`(text: String, shown: String) {
        #expect(text.inOneLine == shown)
        #expect(text.forLog == shown)
    }

    @Test func `a long text is cut where that is asked for`() {
        #expect(String(repeating: "x", count: 201).forLog == String(repeating: "x", count: 200) + "...")
        #expect(String(repeating: "ü", count: 200).forLog == String(repeating: "ü", count: 200))
        #expect("abc".inOneLine(limit: 2) == "ab...")
        #expect(String(repeating: "x", count: 10_000).inOneLine.count == 10_000)
    }

    @Test func `printable text keeps its lines and tabs, and nothing else that a terminal acts on`() {
        #expect("a\n\tb\u{1B}]0;x\u{7}\r\n\u{9B}c".printable == "a\n\tb\\u{1b}]0;x\\u{7}\\u{d}\n\\u{9b}c")
    }

    @Test func `a row has as many tabs as it has gaps`() {
        #expect(["a\tb", "c\nd", "e"].row == "a\\u{9}b\tc\\u{a}d\te")
    }

    @Test func `printable JSON stands for the same value`() throws {
        let value = JSON.array([.string("\u{9B}31m \u{7F} \u{202E} \u{E0001} 👩‍👩‍👧 ü\n"), 1])
        let shown = value.text(style: .compact).printableJSON
        #expect(shown.unicodeScalars.allSatisfy { !$0.isUnprintable })
        #expect(try JSON(parsing: shown) == value)
    }
}
