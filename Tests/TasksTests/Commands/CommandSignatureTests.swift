import CeleryCore
import Fixtures
import Testing

@testable import Tasks

/// What a signature covers.
@Suite struct CommandSignatureTests {
    private let key = CommandKey(bytes: Array("0123456789abcdef0123456789abcdef".utf8))

    private func signed() -> (Message, TaskArguments) {
        let request = CommandRequest(
            argv: ["cp", "a b", "c"], folder: "/home/u", environment: ["PATH": "/bin", "LANG": "C"], umask: 0o022)
        let arguments = TaskArguments(args: request.arguments.args, kwargs: request.arguments.kwargs)
        var message = Message(id: TaskID("id"), task: CommandTask.name, body: MessageBody(bytes: []))
        Prerequisites.write([TaskID("first"), TaskID("second")], to: &message)
        message.expires = ISO8601.timestamp("2030-01-01T00:00:00.123456+00:00")
        CommandSignature.sign(&message, arguments, with: key)
        return (message, arguments)
    }

    @Test func `what was signed is valid, with the same key only`() {
        let (message, arguments) = signed()
        #expect(CommandSignature.isValid(message, arguments, with: key))
        #expect(!CommandSignature.isValid(message, arguments, with: CommandKey(bytes: Array("0123456789abcdef0123456789abcdeF".utf8))))
        #expect(!CommandSignature.isValid(message, arguments, with: CommandKey(bytes: [])))
    }

    @Test func `what a worker changes for a retry leaves it valid`() {
        var (message, arguments) = signed()
        message.retries = 3
        message.eta = .now
        message.route.queue = "other"
        message.headers["celery_attempt"] = 4
        // As the message comes back from the wire.
        message.expires = message.expires.map { ISO8601.timestamp(ISO8601.text($0))! }
        arguments.embed.callbacks = [Signature(task: "next")]
        #expect(CommandSignature.isValid(message, arguments, with: key))
    }

    private static let changes: [(String, @Sendable (inout Message, inout TaskArguments) -> Void)] = [
        ("no signature", { message, _ in message.headers[CommandSignature.header] = nil }),
        ("empty", { message, _ in message.headers[CommandSignature.header] = "" }),
        ("another version", { message, _ in message.headers[CommandSignature.header] = "0:" }),
        ("a number", { message, _ in message.headers[CommandSignature.header] = 1 }),
        ("a longer code", { message, _ in
            message.headers[CommandSignature.header] = .string((message.headers[CommandSignature.header]?.stringValue ?? "") + "00")
        }),
        ("another id", { message, _ in message.id = TaskID("id2") }),
        ("another task", { message, _ in message.task = "celery.run2" }),
        ("another argument", { _, arguments in arguments.args[2] = "d" }),
        ("one argument more", { _, arguments in arguments.args.append("") }),
        ("one argument less", { _, arguments in arguments.args.removeLast() }),
        ("words divided otherwise", { _, arguments in arguments.args = ["cp", "a", "b c"] }),
        ("words joined", { _, arguments in arguments.args = ["cp", "a bc"] }),
        ("bytes for text", { _, arguments in arguments.args[2] = ["__type__": "base64", "__value__": "Yw=="] }),
        ("another folder", { _, arguments in arguments.kwargs["folder"] = "/home/v" }),
        ("another value", { _, arguments in arguments.kwargs["environment"] = ["PATH": "/tmp", "LANG": "C"] }),
        ("one variable more", { _, arguments in arguments.kwargs["environment"] = ["PATH": "/bin", "LANG": "C", "LD_PRELOAD": "/tmp/x.so"] }),
        ("one variable less", { _, arguments in arguments.kwargs["environment"] = ["PATH": "/bin"] }),
        ("values exchanged", { _, arguments in arguments.kwargs["environment"] = ["PATH": "C", "LANG": "/bin"] }),
        ("another umask", { _, arguments in arguments.kwargs["umask"] = "0000" }),
        ("an unknown keyword", { _, arguments in arguments.kwargs["shell"] = true }),
        ("not after others", { message, _ in message.headers[Prerequisites.header] = nil }),
        ("after fewer", { message, _ in Prerequisites.write([TaskID("first")], to: &message) }),
        ("no end", { message, _ in message.expires = nil }),
        ("a later end", { message, _ in message.expires = message.expires.map { $0 + .seconds(1) } }),
    ]

    @Test(arguments: changes.indices) func `any change of what runs makes it invalid`(_ index: Int) {
        var (message, arguments) = signed()
        Self.changes[index].1(&message, &arguments)
        #expect(!CommandSignature.isValid(message, arguments, with: key), "\(Self.changes[index].0)")
    }

    @Test func `the order of variables does not matter, since it does not for the command`() {
        var (message, arguments) = signed()
        arguments.kwargs["environment"] = ["LANG": "C", "PATH": "/bin"]
        #expect(CommandSignature.isValid(message, arguments, with: key))
        arguments.kwargs["environment"] = ["PATH": "/bin", "LANG": "C"]
        #expect(CommandSignature.isValid(message, arguments, with: key))
        message.headers["other"] = 1
        #expect(CommandSignature.isValid(message, arguments, with: key))
    }

    @Test func `no two values have the same bytes`() {
        let values: [JSON] = [
            nil, true, false, 0, 1, 10, "", "1", "1:a", ["1"], [["1"]], ["", ""], [], [[]], [[], []], ["a", "b"], ["ab"], [["a"], "b"],
            [["a", "b"]], [:], ["a": "b"], [["a": "b"]], ["a": ["b": "c"]], ["a": "b", "c": "d"], ["a": ["b"], "c": "d"], "s1:a", ["s1:a"],
            ["a\u{301}"], ["\u{e1}"], .double(1), .bigInteger("99999999999999999999"), "99999999999999999999",
        ]
        var seen: [[UInt8]: JSON] = [:]
        for value in values {
            let bytes = CanonicalBytes.of(value)
            #expect(seen[bytes] == nil, "\(value) and \(String(describing: seen[bytes]))")
            seen[bytes] = value
        }
    }
}
