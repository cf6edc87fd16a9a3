import Arguments
import CeleryCore
import Testing

@testable import Commands

@Suite struct ArgumentWordsTests {
    @Test func `takes JSON where it is JSON, else text`() throws {
        let words = ["1", "1.5", "true", "null", "\"q\"", "[1,{}]", "plain", "", "01", "1e3", "NaN", "Infinity", "-Infinity", "{", "-"]
        let (args, kwargs) = try ArgumentWords.parse(words, raw: false)
        #expect(args == [
            1, 1.5, true, .null, "q", .array([1, .object([:])]), "plain", "", "01", .double(1_000), "NaN", "Infinity", "-Infinity",
            "{", "-",
        ])
        #expect(kwargs.isEmpty)
    }

    @Test func `takes names before an equals sign`() throws {
        let (args, kwargs) = try ArgumentWords.parse(
            ["size=5", "_x=a=b", "a-b=", "1=2", "=x", "a b=c", "ü=1", "https://h/?q=1", "A1=[2]"], raw: false)
        #expect(kwargs.members.map(\.key) == ["size", "_x", "a-b", "A1"])
        #expect(kwargs["size"] == 5)
        #expect(kwargs["_x"] == "a=b")
        #expect(kwargs["a-b"] == "")
        #expect(kwargs["A1"] == .array([2]))
        #expect(args == ["1=2", "=x", "a b=c", "ü=1", "https://h/?q=1"])
    }

    @Test func `takes all as text when raw`() throws {
        let (args, kwargs) = try ArgumentWords.parse(["1", "a=b", "null"], raw: true)
        #expect(args == ["1", "a=b", "null"])
        #expect(kwargs.isEmpty)
    }

    @Test func `refuses a name given twice`() {
        #expect(throws: ArgumentError("argument 'a' is given twice")) { try ArgumentWords.parse(["a=1", "a=1"], raw: false) }
    }
}
