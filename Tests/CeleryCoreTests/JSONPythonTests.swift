import CeleryCore
import Fixtures
import Testing

@Suite struct JSONPythonTests {
    @Test func `writes what Python writes after reading it`() throws {
        var random = RandomJSON(seed: 4)
        let documents = (0..<4_000).map { _ in random.value().text(style: .python) }
        let script = """
            import json, sys
            for line in sys.stdin:
                print(json.dumps(json.loads(line)))
            """
        let answers = try Python.lines(script, input: Array(documents.joined(separator: "\n").utf8))
        #expect(answers == documents)
    }

    @Test func `is understood by Python when it writes compactly`() throws {
        var random = RandomJSON(seed: 5)
        random.includesNonFinite = false
        let documents = (0..<2_000).map { _ in random.value() }
        let script = """
            import json, sys
            for line in sys.stdin.buffer:
                print(json.dumps(json.loads(line)))
            """
        let input = documents.map { $0.text(style: .compact) }.joined(separator: "\n")
        #expect(try Python.lines(script, input: Array(input.utf8)) == documents.map { $0.text(style: .python) })
    }

    @Test func `reads and rewrites what Python wrote`() throws {
        let script = #"""
            import json, random, struct
            random.seed(6)
            def number():
                return random.choice([
                    lambda: struct.unpack("<d", random.randbytes(8))[0],
                    lambda: random.uniform(-1e6, 1e6),
                    lambda: random.random() * 10 ** random.randint(-20, 20),
                    lambda: round(random.uniform(-1000, 1000), random.randint(0, 5)),
                    lambda: float(random.randint(-10**18, 10**18)),
                    lambda: random.randint(-10**30, 10**30),
                    lambda: random.randint(-5, 5)])()
            def text():
                return "".join(chr(random.choice([random.randint(0, 0x7f), random.randint(0x80, 0xd7ff),
                    random.randint(0xe000, 0x10ffff)])) for _ in range(random.randint(0, 12)))
            def value(depth):
                kind = random.randint(0, 9 if depth < 4 else 6)
                if kind < 3: return number()
                if kind < 5: return text()
                if kind == 5: return random.choice([None, True, False])
                if kind == 6: return random.choice([float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e16, 1e-5])
                if kind < 9: return [value(depth + 1) for _ in range(random.randint(0, 5))]
                return {text(): value(depth + 1) for _ in range(random.randint(0, 6))}
            for _ in range(5000):
                print(json.dumps(value(0)))
            """#
        let lines = try Python.lines(script)
        #expect(lines.count == 5_000)
        for line in lines { #expect(try JSON(parsing: line).text(style: .python) == line) }
    }

    @Test func `accepts and refuses the texts that Python does`() throws {
        var random = SeededGenerator(seed: 7)
        let pieces = [
            "[", "]", "{", "}", ",", ":", "\"a\"", "\"", "\\u00e9", "\\", "1", "-", "0", ".", "e", "5", "NaN", "Infinity",
            "true", "null", " ", "nul", "\t",
        ]
        let texts = (0..<20_000).map { _ in
            (0..<Int.random(in: 1...7, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
        }
        let script = """
            import json, sys
            for line in sys.stdin.read().split("\\n"):
                try:
                    json.loads(line)
                    print("yes")
                except ValueError:
                    print("no")
            """
        let verdicts = try Python.lines(script, input: Array(texts.joined(separator: "\n").utf8))
        #expect(verdicts.count == texts.count)
        for (text, verdict) in zip(texts, verdicts) {
            #expect(((try? JSON(parsing: text)) != nil) == (verdict == "yes"), "\(text)")
        }
    }
}
