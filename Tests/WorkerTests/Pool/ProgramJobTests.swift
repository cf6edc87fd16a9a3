import CeleryCore
import Testing
@testable import Worker

@Suite struct ProgramJobTests {
    @Test func `positional arguments as they are, then names and values`() {
        let arguments = TaskArguments(
            args: ["plain", "", "-n", 1, 2.5, nil, true, .bigInteger("123456789012345678901"), ["a", 1], ["k": "v"]],
            kwargs: ["name": "x y", "n": -1, "flag": false, "größe": [nil]])
        #expect(
            ProgramJob.words(arguments) == [
                "plain", "", "-n", "1", "2.5", "null", "true", "123456789012345678901", "[\"a\",1]", "{\"k\":\"v\"}",
                "--name", "x y", "--n", "-1", "--flag", "false", "--größe", "[null]",
            ])
        #expect(ProgramJob.words(TaskArguments()) == [])
    }

    @Test func `values that Python marks with their type are plain words`() {
        let moment: JSON = ["__type__": "datetime", "__value__": "2026-01-02T03:04:05+00:00"]
        #expect(ProgramJob.words(TaskArguments(args: [moment])) == ["2026-01-02T03:04:05+00:00"])
    }

    @Test(arguments: [
        ("", ""), ("\n", ""), ("text\n", "text"), ("text\n\n", "text\n"), ("two\nlines", "two\nlines"), ("42\n", 42), (" 42 ", 42),
        ("null", nil), ("true\n", true), ("\"quoted\"\n", "quoted"), ("{\"a\": [1]}\n", ["a": [1]]), ("[1, 2", "[1, 2"), ("1 2", "1 2"),
        ("12345678901234567890123", .bigInteger("12345678901234567890123")), ("{\"a\":1}{\"b\":2}", "{\"a\":1}{\"b\":2}"),
    ] as [(String, JSON)])
    func `stdout is JSON where it can be, else text`(_ output: String, _ value: JSON) {
        #expect(ProgramJob.value(of: Array(output.utf8)) == value)
    }

    @Test func `bytes that are no text become text all the same`() {
        #expect(ProgramJob.value(of: [0x41, 0xFF, 0x42]) == "A\u{FFFD}B")
    }
}
