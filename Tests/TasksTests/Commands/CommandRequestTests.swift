import CeleryCore
import Testing

@testable import Tasks

/// The arguments of a command's message.
@Suite struct CommandRequestTests {
    private static let kwargs: JSONObject = ["folder": "/x", "environment": ["A": "1"], "umask": "0027"]

    @Test func `reads what it writes`() throws {
        let request = CommandRequest(argv: ["ls", "-l", ""], folder: "/x", environment: ["B": "", "A": "1=2"], umask: 0o27)
        let (args, kwargs) = request.arguments
        #expect(kwargs["umask"] == "0027")
        #expect(try CommandRequest(TaskArguments(args: args, kwargs: kwargs)) == request)
        let bytes: JSON = ["__type__": "base64", "__value__": "/w=="]
        #expect(try CommandRequest(TaskArguments(args: ["ls", bytes], kwargs: Self.kwargs)).argv == ["ls", bytes])
    }

    private static let malformed: [([JSON], JSONObject)] = [
        ([], kwargs), ([""], kwargs), ([1], kwargs), (["ls", nil], kwargs), (["ls", ["a"]], kwargs), (["ls\u{0}"], kwargs),
        (["ls", ["__type__": "base64", "__value__": "AA=="]], kwargs), (["ls", ["__type__": "base64", "__value__": "?"]], kwargs),
        (["ls", ["__type__": "uuid", "__value__": "AA=="]], kwargs), (["ls"], [:]),
        (["ls"], ["folder": "/x", "environment": [:]]), (["ls"], ["folder": "x", "environment": [:], "umask": "0"]),
        (["ls"], ["folder": "/x\u{0}", "environment": [:], "umask": "0"]), (["ls"], ["folder": "/x", "environment": [], "umask": "0"]),
        (["ls"], ["folder": "/x", "environment": ["A": 1], "umask": "0"]), (["ls"], ["folder": "/x", "environment": ["A=B": "1"], "umask": "0"]),
        (["ls"], ["folder": "/x", "environment": ["": "1"], "umask": "0"]), (["ls"], ["folder": "/x", "environment": ["A": "\u{0}"], "umask": "0"]),
        (["ls"], ["folder": "/x", "environment": ["CELERY_TASK_ID": "x"], "umask": "0"]),
        (["ls"], ["folder": "/x", "environment": [:], "umask": "8"]), (["ls"], ["folder": "/x", "environment": [:], "umask": "7777"]),
        (["ls"], ["folder": "/x", "environment": [:], "umask": 18]), (["ls"], ["folder": "/x", "environment": [:], "umask": "0", "shell": true]),
    ]

    @Test(arguments: malformed.indices) func `refuses whatever it would not write`(_ index: Int) {
        let (args, kwargs) = Self.malformed[index]
        #expect(throws: CommandRefusal.self) { try CommandRequest(TaskArguments(args: args, kwargs: kwargs)) }
    }

    @Test func `a title is one line that can be typed, without control characters`() {
        #expect(CommandTask.title(["ffmpeg", "-i", "a b.mov", "it's"]) == "ffmpeg -i 'a b.mov' 'it'\\''s'")
        #expect(CommandTask.title(["printf", "\u{1B}[2J\n\u{9B}"]) == "printf '\\u{1b}[2J\\u{a}\\u{9b}'")
        let long = CommandTask.title(["echo"] + (0..<10_000).map { .string("word\($0)") })
        #expect(long.count == 63 && long.hasSuffix("..."))
        #expect(CommandTask.title(["ls", ["__type__": "base64", "__value__": "/w=="]]).hasPrefix("ls '{\"__type__\""))
    }
}
