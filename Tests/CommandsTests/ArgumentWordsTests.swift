import Arguments
import CeleryCore
import Testing

@testable import Commands

@Suite struct ArgumentWordsTests {
    @Test func `takes JSON where it is JSON, else text`() throws {
        let words = ["1", "1.5", "true", "null", "\"q\"", "[1,{}]", "plain", "", "01", "1e3", "NaN", "Infinity", "-Infinity", "{", "-"]
        let (args, kwargs) = try ArgumentWords.parse(words.map { Array($0.utf8) }, raw: false)
        #expect(args == [
            1, 1.5, true, .null, "q", .array([1, .object([:])]), "plain", "", "01", .double(1_000), "NaN", "Infinity", "-Infinity",
            "{", "-",
        ])
        #expect(kwargs.isEmpty)
    }

    @Test func `takes names before an equals sign`() throws {
        let (args, kwargs) = try ArgumentWords.parse(
            ["size=5", "_x=a=b", "a-b=", "1=2", "=x", "a b=c", "ü=1", "https://h/?q=1", "A1=[2]"].map { Array($0.utf8) }, raw: false)
        #expect(kwargs.members.map(\.key) == ["size", "_x", "a-b", "A1"])
        #expect(kwargs["size"] == 5)
        #expect(kwargs["_x"] == "a=b")
        #expect(kwargs["a-b"] == "")
        #expect(kwargs["A1"] == .array([2]))
        #expect(args == ["1=2", "=x", "a b=c", "ü=1", "https://h/?q=1"])
    }

    @Test func `takes all as text when raw`() throws {
        let (args, kwargs) = try ArgumentWords.parse(["1", "a=b", "null"].map { Array($0.utf8) }, raw: true)
        #expect(args == ["1", "a=b", "null"])
        #expect(kwargs.isEmpty)
    }

    @Test func `keeps bytes that are not UTF-8, also as a keyword argument`() throws {
        let name = Array("caf".utf8) + [0xE9]
        for raw in [false, true] {
            let (args, _) = try ArgumentWords.parse([name], raw: raw)
            #expect(args == [["__type__": "base64", "__value__": "Y2Fm6Q=="]])
        }
        let (args, kwargs) = try ArgumentWords.parse([Array("file=".utf8) + name, [0xFF] + Array("=x".utf8)], raw: false)
        #expect(kwargs["file"]?.binaryValue == name)
        #expect(args.map(\.binaryValue) == [[0xFF] + Array("=x".utf8)])
    }

    @Test func `refuses a name given twice`() {
        #expect(throws: ArgumentError("argument 'a' is given twice")) { try ArgumentWords.parse(["a=1", "a=1"].map { Array($0.utf8) }, raw: false) }
    }
}
