import CeleryCore
import Testing

@testable import Wire

@Suite struct ControlMessageTests {
    @Test func `a clock that nobody can have counted to can be counted on from`() throws {
        for (header, clock) in [(JSON.int(.max), 1 << 53), (.int(.min), 0), (.int(7), 7), (.double(1e300), 0), ("soon", 0)] {
            var wire = ControlMessage(ControlRequest(method: "ping"), ticket: "t", replyKey: "k").wire
            wire.headers["clock"] = header
            #expect(try ControlMessage(wire).clock == clock, "\(header)")
        }
    }

    @Test(arguments: Golden.names("pidbox-").filter { $0.hasSuffix("-request.json") })
    func `reads a request of Python, and writes it again`(name: String) throws {
        let recorded = try Golden.message(name)
        let body = try JSON(parsing: recorded.body)
        let message = try ControlMessage(recorded)
        #expect(message.request.method == body["method"]?.stringValue)
        #expect(JSON.object(message.request.arguments) == body["arguments"] ?? [:])
        #expect(message.ticket == body["ticket"]?.stringValue)
        #expect(message.replyKey == body["reply_to"]?["routing_key"]?.stringValue)
        #expect(message.expires == recorded.headers["expires"]?.doubleValue.flatMap { $0 > 0 ? $0 : nil })
        // Those it is for, and nobody else.
        if let names = body["destination"]?.arrayValue {
            for name in names { #expect(message.isFor(try #require(name.stringValue))) }
            #expect(!message.isFor("nobody@nowhere"))
        } else if body["pattern"]?.stringValue == nil {
            #expect(message.isFor("nobody@nowhere"))
        }
        let again = message.wire
        #expect(try JSON(parsing: again.body) == body)
        #expect(again.exchange == recorded.exchange && again.routingKey == recorded.routingKey)
        #expect(again.properties.contentType == recorded.properties.contentType)
        #expect(try ControlMessage(again) == message)
    }

    @Test(arguments: Golden.names("pidbox-").filter { $0.hasSuffix("-reply.json") })
    func `answers as a worker of Python does`(name: String) throws {
        let recorded = try Golden.message(name)
        let (node, value) = try #require(JSON(parsing: recorded.body).objectValue?.members.first.map { ($0.key, $0.value) })
        let ticket = try #require(recorded.headers["ticket"]?.stringValue)
        let request = ControlMessage(ControlRequest(method: "ping"), ticket: ticket, replyKey: recorded.routingKey)
        let answer = try #require(request.answer(of: node, value, clock: recorded.headers["clock"]?.intValue ?? 0))
        #expect(String(decoding: answer.body, as: UTF8.self) == String(decoding: recorded.body, as: UTF8.self))
        #expect(answer.exchange == recorded.exchange && answer.routingKey == recorded.routingKey)
        #expect(answer.headers["ticket"] == recorded.headers["ticket"] && answer.headers["clock"] == recorded.headers["clock"])
        #expect(answer.properties.deliveryMode == recorded.properties.deliveryMode)
    }

    @Test(arguments: ["", "x", "[]", "{}", #"{"method": 7}"#, #"{"method": null}"#, "\u{FF}"])
    func `what is no request is refused`(_ body: String) {
        #expect(throws: MalformedMessage.self) { try ControlMessage(WireMessage(routingKey: "", body: Array(body.utf8))) }
    }

    @Test func `odd requests are read for what they say`() throws {
        let body = #"{"method": "ping", "arguments": 3, "destination": [1, "a@b"], "pattern": {}, "ticket": 5, "reply_to": "x"}"#
        let message = try ControlMessage(WireMessage(routingKey: "", headers: ["expires": "soon", "clock": []], body: Array(body.utf8)))
        #expect(message.request.arguments.isEmpty && message.destination == ["a@b"] && message.pattern == nil)
        #expect(message.ticket == nil && message.replyKey == nil && message.expires == nil)
        #expect(message.answer(of: "a@b", JSON.null, clock: 1) == nil)
    }

    @Test func `patterns match as Python's fnmatch does`() throws {
        var generator = SeededGenerator(seed: 11)
        let letters = Array("ab*?[]!-^@.\\")
        func text(_ limit: Int) -> String {
            String((0..<Int.random(in: 0...limit, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
        }
        var pairs = [("w1@host", "w*@h?st"), ("a]b", "a[]]b"), ("a-b", "a[!a-c]b"), ("", "*"), ("a\nb", "a*b"), ("b", "[c-a]")]
        for _ in 0..<4_000 { pairs.append((text(6), text(8))) }
        let program = """
            import fnmatch, json, sys
            json.dump([fnmatch.fnmatchcase(text, pattern) for text, pattern in json.load(sys.stdin)], sys.stdout)
            """
        let input = JSON.array(pairs.map { [.string($0.0), .string($0.1)] })
        let answer = try JSON(parsing: Python.lines(program, input: input.bytes(style: .compact)).joined())
        for ((text, pattern), expected) in zip(pairs, try #require(answer.arrayValue)) {
            #expect(.bool(Glob.matches(text, pattern)) == expected, "\(text) \(pattern)")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `no pattern takes long`() {
        // With a step back for each star this would not end.
        #expect(!Glob.matches(String(repeating: "a", count: 2_000), String(repeating: "a*", count: 40) + "b"))
    }
}
