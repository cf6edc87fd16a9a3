import Fixtures
import Testing

@testable import CeleryCore

/// Patterns for tasks that may be submitted by HTTP.
@Suite struct SubmissionPatternTests {
    @Test(arguments: [
        ("mail.send", "mail.send", true), ("mail.send", "mail.sender", false), ("mail.send", "mail", false), ("mail.send", "mailxsend", false),
        ("shop.*", "shop.sell", true), ("shop.*", "shop.tasks.sell", true), ("shop.*", "shop.", true), ("shop.*", "shop", false),
        ("shop.*", "workshop.sell", false), ("*.send", "mail.send", true), ("*.send", "mail.send.now", false), ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "acb", false), ("*", "anything", true), ("**", "anything", true), ("é*", "éa", true), ("Shop.*", "shop.sell", false),
    ])
    func `a star stands for any text, and all else for itself`(pattern: String, name: String, isMatch: Bool) throws {
        #expect(try #require(SubmissionPattern(pattern)).matches(name) == isMatch)
    }

    @Test(arguments: ["celery.run", "celery.webhook", "celery.", "celery.\u{301}run"])
    func `no pattern has tasks of Celery itself`(name: String) throws {
        for pattern in ["*", "c*", "celery*", "*.*", "*run", "cel*y.*"] { #expect(try !#require(SubmissionPattern(pattern)).matches(name)) }
        #expect(SubmissionPattern(name) == nil)
    }

    @Test(arguments: ["", "a b", "a\tb", "a\nb", "a,b", "a?", "[ab]", "a\\b", "a:b", "celery.*", String(repeating: "a", count: 256)])
    func `what would mean something else elsewhere is no pattern`(text: String) {
        #expect(SubmissionPattern(text) == nil)
    }

    @Test(arguments: ["", "a b", "a\u{0}", "a\n", String(repeating: "a", count: 256)])
    func `what is no name matches nothing`(name: String) throws {
        #expect(try !#require(SubmissionPattern("*")).matches(name))
    }

    @Test func `a pattern without a star is the name of one task`() {
        #expect(SubmissionPattern("mail.send")?.isName == true && SubmissionPattern("mail.*")?.isName == false)
    }

    @Test func `a hostile pattern takes no exponential time`() throws {
        let pattern = try #require(SubmissionPattern(String(repeating: "a*", count: 120) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 255)))
    }

    @Test func `random patterns agree with a slow comparison`() {
        func slow(_ pattern: Substring, _ name: Substring) -> Bool {
            guard let first = pattern.first else { return name.isEmpty }
            if first == "*" { return slow(pattern.dropFirst(), name) || !name.isEmpty && slow(pattern, name.dropFirst()) }
            return name.first == first && slow(pattern.dropFirst(), name.dropFirst())
        }
        var random = SeededGenerator(seed: 13)
        for _ in 0..<fuzzRounds(5_000) {
            func text(_ letters: String, _ lengths: ClosedRange<Int>) -> String {
                String((0..<Int.random(in: lengths, using: &random)).map { _ in letters.randomElement(using: &random)! })
            }
            let (pattern, name) = (text("ab.*", 1...8), text("ab.", 1...10))
            #expect(SubmissionPattern(pattern)?.matches(name) == slow(pattern[...], name[...]), "\(pattern) \(name)")
        }
    }
}
