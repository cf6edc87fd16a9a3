import CeleryCore
import Fixtures
import Testing

@Suite struct JSONSpellingTests {
    @Test(arguments: [
        "1.10", "12e5", "1E5", "1e+05", "1e-7", "0.0", "-0", "-0.0", "-0.00", "1.0", "100.00", "0.00001", "0.0001", "1e400", "-1e400",
        "1e-400", "0.1000000000000000055511151231257827", "123456789012345678901234567890", "123456789012345678901.0", "1764397030.1234567",
    ])
    func `a number is written as it was read`(_ text: String) throws {
        let value = try JSON(parsing: "[\(text)]")
        #expect(value.text(style: .compact) == "[\(text)]")
        #expect(value.text(style: .python) == "[\(text)]")
    }

    @Test func `a number of a million digits is written as it was read, and quickly`() throws {
        let text = "1." + String(repeating: "1234567890", count: 100_000)
        let value = try JSON(parsing: text)
        #expect(value.text() == text)
        #expect(value.doubleValue == 1.1234567890123457)
        #expect(try JSON(parsing: "0." + String(repeating: "0", count: 1_000_000)).doubleValue == 0)
    }

    @Test func `numbers are compared and hashed by value, whatever their spelling`() throws {
        let numbers = try ["1.5", "1.50", "15e-1", "0.15E+1"].map { try JSON(parsing: $0) }
        #expect(Set(numbers) == [1.5])
        #expect(try JSON(parsing: #"{"a": [1.50]}"#) == ["a": [1.5]])
        #expect(try JSON(parsing: "1.50") != JSON(parsing: "1.51"))
    }

    @Test func `a number in its shortest form has no spelling of its own`() throws {
        for text in ["1.5", "0.001", "-123456.789", "100.0", "0.0", "99999999999999.0", "0.0001"] {
            guard case .double(let number, let spelling) = try JSON(parsing: text) else {
                Issue.record("\(text) is no fraction")
                continue
            }
            #expect(spelling.bytes == nil, "\(text)")
            #expect(number.pythonRepr == text)
        }
    }

    @Test func `a spelling makes no value larger`() {
        #expect(MemoryLayout<JSON>.stride == 24)
    }

    @Test func `minus zero is an integer and keeps its sign`() throws {
        let value = try JSON(parsing: "-0")
        #expect(value.intValue == 0)
        #expect(value.text() == "-0")
        #expect(try JSON(parsing: "-0.0").intValue == nil)
    }

    @Test func `Python reads the number that it would read without a spelling`() throws {
        let texts = ["1.10", "12e5", "1E5", "-0.00", "100.00", "0.00001", "1e400", "1e-400", "0.1000000000000000055511151231257827"]
        let answers = try Python.lines(
            "import json, sys\nfor line in sys.stdin: print(json.dumps(json.loads(line)))", input: Array(texts.joined(separator: "\n").utf8))
        let plain = try texts.map { JSON.double(try #require(try JSON(parsing: $0).doubleValue)).text(style: .python) }
        #expect(answers == plain)
    }

    @Test func `any spelling is kept, and read as Swift reads it`() throws {
        var random = SeededGenerator(seed: 7)
        func digits(_ range: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: range, using: &random)).map { _ in "0012345678900".randomElement(using: &random)! })
        }
        for _ in 0..<20_000 {
            var text = Bool.random(using: &random) ? "-" : ""
            let whole = digits(1...24).drop { $0 == "0" }
            text += whole.isEmpty ? "0" : String(whole)
            let kind = Int.random(in: 1...3, using: &random)
            if kind & 1 != 0 { text += "." + digits(1...24) }
            if kind & 2 != 0 { text += ["e", "E"].randomElement(using: &random)! + ["", "+", "-"].randomElement(using: &random)! + digits(1...3) }
            let value = try JSON(parsing: text)
            #expect(value.text() == text)
            #expect(value.doubleValue?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }
}

@Suite struct JSONBinaryTests {
    @Test func `bytes that are UTF-8 are a string`() {
        #expect(JSON(text: Array("grün\n".utf8)) == "grün\n")
        #expect(JSON(text: []) == "")
        #expect(JSON(word: Array("[1]".utf8)) == [1])
        #expect(JSON(word: Array("a=b".utf8)) == "a=b")
    }

    @Test func `other bytes are an object as kombu writes it, and come back from it`() {
        let bytes = Array("caf".utf8) + [0xE9]
        let value: JSON = ["__type__": "base64", "__value__": "Y2Fm6Q=="]
        #expect(JSON(text: bytes) == value)
        #expect(JSON(word: bytes) == value)
        #expect(value.binaryValue == bytes)
        #expect((["__type__": "bytes", "__value__": "text"] as JSON).binaryValue == Array("text".utf8))
    }

    @Test(arguments: [
        ["__type__": "base64", "__value__": "x"], ["__type__": "base64"], ["__type__": "base64", "__value__": 1], "Y2Fm6Q==",
        ["__type__": "base64", "__value__": "Y2Fm6Q==", "more": 1], ["__type__": "decimal", "__value__": "1"], [:], [],
    ] as [JSON])
    func `other values are no bytes`(_ value: JSON) {
        #expect(value.binaryValue == nil)
    }
}
