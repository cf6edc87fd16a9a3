import CeleryCore
import Fixtures
import Testing

@testable import Wire

@Suite struct NodePatternTests {
    @Test func `matches as Python's re does, where it matches at all`() throws {
        var generator = SeededGenerator(seed: 23)
        // A name is never empty.
        let pieces = ["a", "b", "1", "@", ".", "*", "+", "?", "|", "(", ")", "(?:", "[", "]", "[^", "-", "\\d", "\\w", "\\s", "\\.", "\\b", "^", "$", "{2}", "{1,2}", "{,1}", "{", "}", ",", "\\W", "\\B", "é", "+?"]
        let letters = Array("ab1@.-{é")
        var pairs = [
            ("w1@host", "w\\d+@.*"), ("w1@host", "host"), ("w1@host", "(w|x)[0-9]@ho"), ("celery@web-7", "celery@web-[5-9]$"),
            ("a]b", "a[]]b"), ("a-b", "a[a-]b"), ("é1", "\\w\\d"), ("w12@x", "w\\d{2}@"), ("a.b-c", "[\\w.-]+$"), ("abc", "(?:ab)c$"),
        ]
        for _ in 0..<fuzzRounds(6_000) {
            let pattern = (0..<Int.random(in: 1...7, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
            pairs.append((String((0..<Int.random(in: 1...6, using: &generator)).map { _ in letters.randomElement(using: &generator)! }), pattern))
        }
        let program = """
            import json, re, sys, warnings
            warnings.simplefilter("ignore")
            def match(text, pattern):
                try: return re.match(pattern, text) is not None
                except Exception: return None
            json.dump([match(text, pattern) for text, pattern in json.load(sys.stdin)], sys.stdout)
            """
        let input = JSON.array(pairs.map { [.string($0.0), .string($0.1)] })
        let answer = try #require(JSON(parsing: Python.lines(program, input: input.bytes(style: .compact)).joined()).arrayValue)
        var (understood, valid) = (0, 0)
        for ((text, pattern), expected) in zip(pairs, answer) {
            if !expected.isNull { valid += 1 }
            guard let ours = NodePattern(pattern) else { continue }
            // What Python refuses must not reach anybody by mistake.
            #expect(JSON.bool(ours.matches(text)) == expected, "\(text) \(pattern)")
            understood += 1
        }
        #expect(understood > valid * 3 / 4, "\(understood) of \(valid)")
    }

    @Test(arguments: ["(", "a)", "[a", "*a", "a**", "(?=a)a", "(a)\\1", "\\", "(?P<n>a)", "[b-a]", "a{2}{2}", "a*+", "(a+)+", "((a?)b)*", "(){101}", "[[:alpha:]]", "a{1,}{2}", "a)|(b", "\\Aa", String(repeating: "(", count: 500), String(repeating: "a", count: 2_000)])
    func `what is no expression, or is not understood, matches nothing`(_ pattern: String) {
        #expect(NodePattern(pattern) == nil)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["(a+)+$", "(a*)*b", "((((a*)*)*)*)*b", "(a|a)*b", "(\\w|\\W)*(\\w|\\W)*(\\w|\\W)*(\\w|\\W)*b", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b", "((a?)*(a?)*(a?)*(a?)*(a?)*(a?)*)*b", "(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa){1,100}b", "(a{1,100}){1,100}b", "(){99999999}b", "(.*){60000}x"])
    func `no expression takes long`(_ pattern: String) {
        let name = String(repeating: "a", count: 200)
        for _ in 0..<20 { #expect(NodePattern(pattern)?.matches(name + "!") != true) }
    }

    @Test(.timeLimit(.minutes(1))) func `takes any text for an expression without harm`() {
        var generator = SeededGenerator(seed: 29)
        for _ in 0..<fuzzRounds(20_000) {
            let text = String(String.UnicodeScalarView((0..<Int.random(in: 0...30, using: &generator)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...(Bool.random(using: &generator) ? 127 : 0x2FFF), using: &generator))
            }))
            _ = NodePattern(text)?.matches("celery@host")
        }
    }
}
