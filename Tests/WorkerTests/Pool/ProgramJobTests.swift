import CeleryCore
import Testing
@testable import Worker

@Suite struct ProgramJobTests {
    private func words(_ arguments: TaskArguments) -> [String] {
        ProgramJob.words(arguments).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `numbers as they were spelled`() throws {
        let spellings = ["1.10", "12e5", "1E+05", "-0", "-0.00", "1e400", "0.1000", "123456789012345678901.0"]
        let args = try spellings.map { try JSON(parsing: $0) }
        let nested = try JSON(parsing: #"{"price": [1.10, 2.0]}"#)
        #expect(words(TaskArguments(args: args + [nested], kwargs: ["width": args[0]]))
            == spellings + [#"{"price":[1.10,2.0]}"#, "--width", "1.10"])
    }

    @Test func `bytes as they are, whether Python or we wrote them`() {
        let name = Array("caf".utf8) + [0xE9]
        let arguments = TaskArguments(
            args: [JSON(text: name), ["__type__": "base64", "__value__": "/w=="], ["__type__": "bytes", "__value__": "text"]],
            kwargs: ["file": JSON(text: name)])
        #expect(ProgramJob.words(arguments) == [name, [0xFF], Array("text".utf8), Array("--file".utf8), name])
    }

    @Test func `positional arguments as they are, then names and values`() {
        let arguments = TaskArguments(
            args: ["plain", "", "-n", 1, 2.5, nil, true, .bigInteger("123456789012345678901"), ["a", 1], ["k": "v"]],
            kwargs: ["name": "x y", "n": -1, "flag": false, "größe": [nil]])
        #expect(
            words(arguments) == [
                "plain", "", "-n", "1", "2.5", "null", "true", "123456789012345678901", "[\"a\",1]", "{\"k\":\"v\"}",
                "--name", "x y", "--n", "-1", "--flag", "false", "--größe", "[null]",
            ])
        #expect(words(TaskArguments()) == [])
    }

    @Test func `values that Python marks with their type are plain words`() {
        let moment: JSON = ["__type__": "datetime", "__value__": "2026-01-02T03:04:05+00:00"]
        #expect(words(TaskArguments(args: [moment])) == ["2026-01-02T03:04:05+00:00"])
    }

    @Test(arguments: [
        ("", ""), ("\n", ""), ("text\n", "text"), ("text\n\n", "text\n"), ("two\nlines", "two\nlines"), ("42\n", 42), (" 42 ", 42),
        ("null", nil), ("true\n", true), ("\"quoted\"\n", "quoted"), ("{\"a\": [1]}\n", ["a": [1]]), ("[1, 2", "[1, 2"), ("1 2", "1 2"),
        ("12345678901234567890123", .bigInteger("12345678901234567890123")), ("{\"a\":1}{\"b\":2}", "{\"a\":1}{\"b\":2}"),
    ] as [(String, JSON)])
    func `stdout is JSON where it can be, else text`(_ output: String, _ value: JSON) {
        #expect(ProgramJob.value(of: Array(output.utf8)) == value)
    }

    @Test(arguments: [[0x41, 0xFF, 0x42], [0xFF, 0x0A], [0x89, 0x50, 0x4E, 0x47, 0x00, 0x0A], [0xC3]] as [[UInt8]])
    func `stdout that is not text is kept as bytes, all of them`(_ output: [UInt8]) {
        #expect(ProgramJob.value(of: output).binaryValue == output)
        #expect(ProgramJob.value(of: output)["__type__"] == "base64")
    }
}
