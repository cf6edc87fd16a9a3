import CeleryCore
import Fixtures
import Testing

/// Secret values in texts: of command lines, JSON, URLs, and arguments in Python's notation.
struct RedactionTextTests {
    private static let cases: [(text: String, shown: String)] = [
        // A single word.
        ("DB_PASSWORD=a b", "DB_PASSWORD=***"),
        ("--api-key=hush", "--api-key=***"),
        ("Authorization: Bearer hush", "Authorization: ***"),
        ("--token hush --size 3", "--token *** --size 3"),
        // A command line for a shell.
        ("cd /srv; TOKEN=hush make -j2 && ls", "cd /srv; TOKEN=*** make -j2 && ls"),
        ("curl -H 'Cookie: id=hush; b' https://example.org", "curl -H 'Cookie: ***' https://example.org"),
        ("mysql --password='hu sh' db", "mysql --password='***' db"),
        ("x --secret 'hu sh' y", "x --secret '***' y"),
        // URLs.
        ("https://example.org/?a=1&token=hush&b=2", "https://example.org/?a=1&token=***&b=2"),
        // JSON.
        (#"{"user": "u", "password": "hu\"sh", "n": 1}"#, #"{"user": "u", "password": "***", "n": 1}"#),
        (#"{"secret":{"a":[1,"}"]},"n":1}"#, #"{"secret":"***","n":1}"#),
        // Arguments in Python's notation, possibly cut off.
        ("('--token', 'hush', 'b')", "('--token', '***', 'b')"),
        ("['--password=hu sh', 'b']", "['--password=***', 'b']"),
        ("{'token': 17, 'size': 'XL'}", "{'token': '***', 'size': 'XL'}"),
        ("{'credentials': {'user': 'u', 'key': [1, 2]}, 'b': None}", "{'credentials': '***', 'b': None}"),
        ("{'password': 'hush..., ...}", "{'password': '***'"),
        ("{'a': \"it's\", 'password': \"hush\"}", "{'a': \"it's\", 'password': '***'}"),
        ("('sh', '-c', 'TOKEN=hush make')", "('sh', '-c', 'TOKEN=***')"),
    ]

    @Test(arguments: cases) func `the value of a secret name is hidden`(text: String, shown: String) {
        let redaction = Redaction()
        #expect(redaction.applied(to: text) == shown)
        #expect(redaction.applied(to: shown) == shown, "once is enough")
    }

    @Test(arguments: [
        "the password = is long", "the token: is here", "password", "a=1&b=2", "TOKEN=", "--token", "{'size': 'XL'}", "('password', 'b')",
        "https://tokens.example.org:8080/", "",
    ])
    func `other text is shown as it is`(text: String) {
        #expect(Redaction().applied(to: text) == text)
    }

    @Test func `the passwords of URLs are hidden, unless nothing is to be hidden`() {
        #expect(Redaction().applied(to: "amqp://u:hush@host/") == "amqp://u:***@host/")
        #expect(Redaction([]).applied(to: "amqp://u:hush@host/ token=x") == "amqp://u:hush@host/ token=x")
    }

    @Test func `bytes that speak of a secret are hidden as a whole`() {
        let bytes = JSON(text: Array("TOKEN=".utf8) + [0xFF])
        #expect(Redaction().applied(to: [bytes, "b"]) == ["***", "b"])
        let other = JSON(text: [0xFF])
        #expect(Redaction().applied(to: other) == other)
    }

    @Test func `arguments can be left out`() {
        let redaction = Redaction(leavesOutArguments: true)
        #expect(redaction.shown(TaskArguments(args: [1])) == nil)
        #expect(CallText(redaction).words(TaskArguments(args: [1])) == "")
        var settings = Settings(projectFolder: "/")
        #expect(!settings.redaction.leavesOutArguments)
        settings.argumentLimit = 0
        settings.redactedNames = ["pin"]
        #expect(settings.redaction == Redaction(["pin"], leavesOutArguments: true))
    }

    @Test func `the key that a task waits for is an argument, too`() {
        let wait = LimitWait.turn(task: "t", key: "hush")
        let arguments = TaskArguments(kwargs: ["token": "hush", "n": 1])
        #expect(wait.shown(Redaction(), arguments) == .turn(task: "t", key: "***"))
        #expect(wait.shown(Redaction(), TaskArguments(kwargs: ["name": "hush"])) == wait)
        let slot = LimitWait.slot(task: "t", key: "hush", of: 2, heldBy: [TaskID("i")])
        #expect(slot.shown(Redaction(leavesOutArguments: true), nil) == .slot(task: "t", key: "...", of: 2, heldBy: [TaskID("i")]))
        #expect(LimitWait.turn(task: "t", key: "").shown(Redaction(leavesOutArguments: true), nil) == .turn(task: "t", key: ""))
    }

    /// A broken text may hide too much, but never ends the program.
    @Test func `any text can be searched`() {
        var random = SeededGenerator(seed: 11)
        let pieces = ["token", "=", ":", " ", "'", "\"", ",", "{", "}", "(", ")", "\\", "--", "&", "?", "é", "\n", "x"]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            let shown = Redaction().applied(to: text)
            #expect(shown.hasPrefix(String(text.prefix { !"te=:'\"-".contains($0) })))
        }
    }
}
