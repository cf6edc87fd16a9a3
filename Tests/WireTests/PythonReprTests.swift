import CeleryCore
import Fixtures
import Testing
import Wire

@Suite struct PythonReprTests {
    @Test func `numbers as they were spelled, and bytes as Python shows them`() throws {
        #expect(PythonRepr.args([try JSON(parsing: "1.10"), try JSON(parsing: "12e5"), 1.5]) == "(1.10, 12e5, 1.5)")
        let bytes = Array("it's\\\n".utf8) + [0xE9, 0x01]
        #expect(PythonRepr.args([JSON(text: bytes)]) == #"(b'it\'s\\\n\xe9\x01',)"#)
        let long = PythonRepr.text(of: JSON(text: [UInt8](repeating: 0xFF, count: 1_000_000)))
        #expect(long.hasPrefix(#"b'\xff"#) && long.hasSuffix("...") && long.utf8.count < 1_100)
    }

    @Test func `shows tuples, lists and dictionaries`() {
        #expect(PythonRepr.args([]) == "()")
        #expect(PythonRepr.args([1]) == "(1,)")
        #expect(PythonRepr.args([1, nil, true, 2.5, "a"]) == "(1, None, True, 2.5, 'a')")
        #expect(PythonRepr.kwargs(["a": [1, [:]], "b": false]) == "{'a': [1, {}], 'b': False}")
        #expect(PythonRepr.text(of: [.double(.nan), .bigInteger("123456789012345678901")]) == "[nan, 123456789012345678901]")
    }

    @Test func `escapes nothing in text but the quote`() {
        #expect(PythonRepr.args(["it's\n\"ü\""]) == "('it\\'s\n\"ü\"',)")
    }

    @Test func `shortens what is nested deeper than three`() {
        #expect(PythonRepr.args([[[[1]], 2]]) == "([[[...]], 2],)")
        #expect(PythonRepr.text(of: ["d": ["e": ["f": ["g": 1]]]]) == "{'d': {'e': {'f': {...}}}}")
    }

    @Test func `cuts long text at a word, then closes the brackets`() {
        #expect(PythonRepr.args(["one two three", 5], limit: 8) == "('one...', ...)")
        #expect(PythonRepr.text(of: [[1, 2], [3, 4]], limit: 5) == "[[1, , ...]]")
    }

    @Test func `of large arguments, the same is shown with secret values hidden`() {
        let words = (0..<400_000).map { "w\($0)" }.joined(separator: " ")
        for value: JSON in [
            .string(words), .string(String(repeating: "ü", count: 5_000)), .array((0..<50_000).map { .int($0) }),
            ["a": .array((0..<5_000).map { .string("x\($0)") }), "b": .string(words)], JSON(text: [UInt8](repeating: 0xFF, count: 1_000_000)),
        ] {
            let arguments = TaskArguments(args: [value, 1], kwargs: ["k": value, "password": .string(words)])
            let texts = PythonRepr.texts(arguments, Redaction())
            #expect(texts.args == PythonRepr.args(arguments.args))
            #expect(texts.kwargs == PythonRepr.kwargs(["k": value, "password": "***"]))
        }
        let secret = PythonRepr.texts(TaskArguments(args: [.string("--password=\(words)")]), Redaction())
        #expect(secret.args == "('--password=***',)" && secret.kwargs == "{}")
    }

    @Test func `agrees with the original algorithm on random values`() throws {
        // Celery's writer in its own words: a stream of tokens against a budget.
        let script = #"""
            import json, sys
            def cut(s, n): return s[:n].rsplit(" ", 1)[0] + "..." if len(s) >= n else s
            def tokens(v, level):
                if isinstance(v, (list, dict)):
                    a, b = "[]" if isinstance(v, list) else "{}"
                    if level >= 3: yield "text", a + "..." + b; return
                    yield "open", a
                    for i, x in enumerate(v):
                        if i: yield "separator", ", "
                        if isinstance(v, dict):
                            yield "quoted", x; yield "separator", ": "; x = v[x]
                        yield from tokens(x, level + 1)
                    yield "close", b
                elif isinstance(v, str): yield "quoted", v
                else: yield "text", repr(v)
            def show(v, budget):
                out, depth, stack, over = [], 0, [], False
                for kind, text in tokens(v, 0):
                    if over:
                        if kind == "open": stack.append(False)
                        if kind == "close" and stack.pop(): out.append(text)
                        continue
                    if budget <= 0:
                        out.append(", ..."); over = True
                        if kind == "open": stack.append(True)
                        if kind == "close": stack.pop()
                        continue
                    if kind == "open": stack.append(True)
                    if kind == "close": stack.pop()
                    if kind == "quoted": text = "'" + cut(text, budget).replace("'", "\\'") + "'"
                    if kind == "text": text = cut(text, budget)
                    out.append(text); budget -= len(text)
                return "".join(out)
            for line in sys.stdin:
                limit, value = json.loads(line)
                print(json.dumps(show(value, limit)))
            """#
        var random = SeededGenerator(seed: 31)
        func value(_ depth: Int) -> JSON {
            switch Int.random(in: 0...(depth < 5 ? 7 : 3), using: &random) {
            case 0: .int(Int64.random(in: -99...99_999, using: &random))
            case 1: [nil, true, false, 1.5].randomElement(using: &random)!
            case 2, 3: .string(["a", "it's", "two words", "ü😀", "x y z w", ""].randomElement(using: &random)!)
            case 4, 5: .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth + 1) })
            default: .object(JSONObject((0..<Int.random(in: 0...3, using: &random)).map { ("key \($0)", value(depth + 1)) }))
            }
        }
        let cases = (0..<3_000).map { _ in (Int.random(in: 1...60, using: &random), value(0)) }
        let input = cases.map { JSON.array([.int(Int64($0)), $1]).text(style: .python) }.joined(separator: "\n")
        let lines = try Python.lines(script, input: Array(input.utf8))
        #expect(lines.count == cases.count)
        for (line, (limit, value)) in zip(lines, cases) {
            #expect(try JSON(parsing: line).stringValue == PythonRepr.text(of: value, limit: limit), "\(limit) \(value.text())")
        }
    }
}
