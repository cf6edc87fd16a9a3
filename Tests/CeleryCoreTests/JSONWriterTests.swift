import CeleryCore
import Testing

@Suite struct JSONWriterTests {
    @Test func `writes as Python does`() {
        let value: JSON = [1, "two", 3.5, nil, true, [1, 2], ["a": "ü", "b": "😀"], [], [:]]
        #expect(
            value.text(style: .python)
                == #"[1, "two", 3.5, null, true, [1, 2], {"a": "\u00fc", "b": "\ud83d\ude00"}, [], {}]"#)
    }

    @Test func `writes compactly in UTF-8`() {
        let value: JSON = ["a": [1, "ü😀\u{7F}"], "b": false]
        #expect(value.text() == "{\"a\":[1,\"ü😀\u{7F}\"],\"b\":false}")
    }

    @Test func `escapes controls, quotes and backslashes`() {
        let value: JSON = "\"\\/\u{8}\u{C}\n\r\t\u{1}\u{1F}\u{7F}"
        #expect(value.text(style: .python) == #""\"\\/\b\f\n\r\t\u0001\u001f\u007f""#)
    }

    @Test func `says null compactly for what JSON cannot say`() {
        let value: JSON = [.double(.nan), .double(.infinity), .double(-.infinity)]
        #expect(value.text(style: .python) == "[NaN, Infinity, -Infinity]")
        #expect(value.text(style: .compact) == "[null,null,null]")
    }

    @Test(arguments: [
        (1.0, "1.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1e15, "1000000000000000.0"), (1e16, "1e+16"), (1.5e-7, "1.5e-07"),
        (0.0001, "0.0001"), (0.00001, "1e-05"), (123456.789, "123456.789"), (.leastNonzeroMagnitude, "5e-324"), (1e22, "1e+22"),
        (9007199254740992, "9007199254740992.0"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (12345678901234567168, "1.2345678901234567e+19"), (100, "100.0"), (1e100, "1e+100"),
    ])
    func `writes floating-point numbers like Python's repr`(value: Double, text: String) {
        #expect(JSON.double(value).text(style: .python) == text)
        #expect(value.pythonRepr == text)
    }

    @Test func `has Python's names for what is no number`() {
        #expect(Double.nan.pythonRepr == "nan")
        #expect((-Double.infinity).pythonRepr == "-inf")
    }

    @Test func `writes integers of any size, and never a broken one`() {
        #expect(JSON.int(.min).text() == "-9223372036854775808")
        #expect(JSON.int(0).text() == "0")
        #expect(JSON.bigInteger("-123456789012345678901").text() == "-123456789012345678901")
        #expect(JSON.bigInteger("1; drop").text() == "\"1; drop\"")
        #expect(JSON.bigInteger("007").text() == "\"007\"")
        #expect(JSON.bigInteger("-").text() == "\"-\"")
    }

    @Test func `reads back what it wrote`() throws {
        var random = RandomJSON(seed: 1)
        random.includesNonFinite = false
        for _ in 0..<5_000 {
            let value = random.value()
            #expect(try JSON(parsing: value.bytes(style: .python)) == value)
            #expect(try JSON(parsing: value.bytes(style: .compact)) == value)
        }
    }
}
