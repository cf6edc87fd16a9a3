import CeleryCore
import Testing

@Suite struct JSONParserTests {
    private func error(_ text: String) -> JSONError? {
        do throws(JSONError) {
            _ = try JSON(parsing: text)
            return nil
        } catch { return error }
    }

    @Test func `reads every kind of value`() throws {
        let text = #" { "a" : [ 1 , -2 , 3.5 , true , false , null , "x" , { } , [ ] ] } "#
        #expect(try JSON(parsing: text) == ["a": [1, -2, 3.5, true, false, nil, "x", [:], []]])
        #expect(try JSON(parsing: "0") == 0)
        #expect(try JSON(parsing: "\t\r\n\"\"") == "")
    }

    @Test func `keeps the order of members, and the last of two with one name in the place of the first`() throws {
        let object = try #require(try JSON(parsing: #"{"b":1,"a":2,"b":3}"#).objectValue)
        #expect(object.keys == ["b", "a"])
        #expect(object["b"] == 3)
        let escaped = try #require(try JSON(parsing: #"{"ab":1,"\u0061b":2,"c":3,"c":4}"#).objectValue)
        #expect(escaped.keys == ["ab", "c"])
        #expect(escaped["ab"] == 2)
        #expect(escaped["c"] == 4)
    }

    @Test func `finds repeated names in large objects`() throws {
        let names = (0..<200).map { "name\($0)" }
        let text = "{" + (names + names).enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
        let object = try #require(try JSON(parsing: text).objectValue)
        #expect(object.keys == names)
        #expect(object["name0"] == 200)
        #expect(object["name199"] == 399)
    }

    @Test func `keeps names apart that only Unicode holds for equal`() throws {
        let object = try #require(try JSON(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}").objectValue)
        #expect(object.count == 2)
        #expect(object["e\u{301}"] == 2)
    }

    @Test func `reads what Python adds to JSON`() throws {
        #expect(try #require(try JSON(parsing: "NaN").doubleValue).isNaN)
        #expect(try JSON(parsing: "[Infinity, -Infinity]") == [.double(.infinity), .double(-.infinity)])
        #expect(try JSON(parsing: "9223372036854775807") == .int(.max))
        #expect(try JSON(parsing: "-9223372036854775808") == .int(.min))
        #expect(try JSON(parsing: "9223372036854775808") == .bigInteger("9223372036854775808"))
        #expect(try JSON(parsing: "-123456789012345678901234567890") == .bigInteger("-123456789012345678901234567890"))
        #expect(try JSON(parsing: "1000000000000000000") == 1_000_000_000_000_000_000)
    }

    @Test(arguments: [
        ("1.5", 1.5), ("-0.0", -0.0), ("1e3", 1000), ("1E+3", 1000), ("12e-1", 1.2), ("0.1", 0.1),
        ("123456789012345678", 123456789012345680), ("1.7976931348623157e308", .greatestFiniteMagnitude),
        ("5e-324", .leastNonzeroMagnitude), ("1e999", .infinity), ("-1e999", -.infinity), ("1e-999", 0), ("0.30000000000000004", 0.1 + 0.2),
        ("9007199254740993.0", 9007199254740992), ("2.2250738585072011e-308", Double.leastNormalMagnitude.nextDown),
        ("1e99999999999999999999", .infinity), ("0.000000000000000000000000000000000001", 1e-36),
    ])
    func `reads numbers to the nearest double`(text: String, value: Double) throws {
        let read = try #require(try JSON(parsing: text).doubleValue)
        #expect(read == value)
        #expect(read.sign == value.sign)
    }

    @Test func `reads escapes, and replaces half a surrogate pair`() throws {
        #expect(try JSON(parsing: #""\"\\\/\b\f\n\r\t""#) == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(try JSON(parsing: #""\u00fc\u00FC""#) == "üü")
        #expect(try JSON(parsing: #""\ud83d\ude00""#) == "😀")
        #expect(try JSON(parsing: #""\ud83d""#) == "\u{FFFD}")
        #expect(try JSON(parsing: #""\ude00x\ud83d\n""#) == "\u{FFFD}x\u{FFFD}\n")
        #expect(try JSON(parsing: #""\ud83d\ud83d\ude00""#) == "\u{FFFD}😀")
        #expect(try JSON(parsing: "\"long enough for eight bytes at a time ü\\n and more\"")
            == "long enough for eight bytes at a time ü\n and more")
    }

    @Test(arguments: [
        ("", 0, JSONError.Reason.unexpectedEnd), ("  ", 2, .unexpectedEnd), ("[1,", 3, .unexpectedEnd),
        ("[1", 2, .unexpectedEnd), ("{\"a\"", 4, .unexpectedEnd), ("\"abc", 4, .unexpectedEnd), ("tru", 3, .unexpectedEnd),
        ("\"\\", 2, .unexpectedEnd), ("-", 1, .unexpectedEnd), ("[1,]", 3, .unexpectedCharacter),
        ("{,}", 1, .unexpectedCharacter), ("{1:2}", 1, .unexpectedCharacter), ("{\"a\" 1}", 5, .unexpectedCharacter),
        ("trup", 0, .unexpectedCharacter), ("'a'", 0, .unexpectedCharacter), ("\u{FEFF}1", 0, .unexpectedCharacter),
        ("1 2", 2, .trailingData), ("01", 1, .trailingData), ("{}x", 2, .trailingData), ("+1", 0, .unexpectedCharacter),
        ("1.", 0, .invalidNumber), ("-x", 0, .invalidNumber), ("1e", 0, .invalidNumber), ("[1.e5]", 1, .invalidNumber),
        ("\"a\\x\"", 2, .invalidEscape), ("\"\\u12g4\"", 1, .invalidEscape), ("\"\\u12\"", 1, .invalidEscape),
        ("\"a\nb\"", 2, .controlCharacter), ("\"\\n\u{0}\"", 3, .controlCharacter),
    ])
    func `says where and why a text is not JSON`(text: String, offset: Int, reason: JSONError.Reason) {
        #expect(error(text) == JSONError(offset: offset, reason: reason))
    }

    @Test func `says where bytes are not UTF-8`() {
        for (bytes, offset) in [([0x22, 0x61, 0xFF, 0x22], 2), ([0x22, 0x5C, 0x6E, 0xC3, 0x22], 3)] as [([UInt8], Int)] {
            #expect(throws: JSONError(offset: offset, reason: .invalidUTF8)) { try JSON(parsing: bytes) }
        }
        #expect(throws: JSONError(offset: 1, reason: .invalidUTF8)) {
            try JSON(parsing: [0x22, 0xED, 0xA0, 0x80, 0x22] as [UInt8])
        }
    }

    @Test func `words an error for people`() {
        #expect(error("[1,]").map(String.init(describing:)) == "unexpected character at byte 3")
        #expect(error("").map(String.init(describing:)) == "unexpected end at byte 0")
    }

    @Test func `nests 500 deep and no deeper`() throws {
        let deepest = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(try JSON(parsing: deepest).bytes().count == 1000)
        #expect(error("[" + deepest + "]") == JSONError(offset: 500, reason: .nestedTooDeeply))
        #expect(error(String(repeating: "{\"a\":", count: 100_000))?.reason == .nestedTooDeeply)
    }

    @Test func `reads from memory that is not aligned`() throws {
        let bytes = Array("xyz[\"abcdefghijklmnopq\", 12345678]".utf8)
        let value = try bytes.withUnsafeBytes { try JSON(parsing: UnsafeRawBufferPointer(rebasing: $0[3...])) }
        #expect(value == ["abcdefghijklmnopq", 12_345_678])
    }
}
