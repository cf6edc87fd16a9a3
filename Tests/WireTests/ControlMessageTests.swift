import CeleryCore
import Fixtures
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

    @Test func `a command to nobody reaches nobody, and one without names everybody`() throws {
        func isForA(_ body: String) throws -> Bool {
            try ControlMessage(WireMessage(routingKey: "", body: Array(#"{"method": "ping", \#(body)}"#.utf8))).isFor("a@b")
        }
        // As Python's workers have it.
        for body in [#""destination": null"#, #""destination": []"#, #""destination": ["x", "a@b"]"#, #""destination": "a@b""#, #""pattern": "a*", "matcher": "glob""#, #""pattern": "a.b$", "matcher": "pcre""#] {
            #expect(try isForA(body), "\(body)")
        }
        for body in [#""destination": ["x"]"#, #""destination": [7]"#, #""destination": "a""#, #""pattern": "b*", "matcher": "glob""#, #""pattern": "b", "matcher": "pcre""#, #""pattern": "a", "matcher": "sql""#, #""pattern": "(", "matcher": "pcre""#] {
            #expect(try !isForA(body), "\(body)")
        }
    }

    @Test func `a request that is huge is none, and one that is late is late`() throws {
        let body = #"{"method": "ping", "arguments": {"x": "\#(String(repeating: "x", count: 1 << 20))"}}"#
        #expect(throws: MalformedMessage.self) { try ControlMessage(WireMessage(routingKey: "", body: Array(body.utf8))) }
        let message = ControlMessage(ControlRequest(method: "ping"), to: .all, expires: Timestamp(seconds: 100))
        #expect(message.isExpired(at: Timestamp(seconds: 101)) && !message.isExpired(at: Timestamp(seconds: 99)))
        #expect(try ControlMessage(message.wire) == message)
    }

    @Test(.timeLimit(.minutes(1))) func `any bytes are read without harm`() throws {
        var generator = SeededGenerator(seed: 31)
        let seeds = try Golden.names("pidbox-").filter { $0.hasSuffix("-request.json") }.map { try Golden.message($0).body }
        var refused = 0
        for round in 0..<fuzzRounds(20_000) {
            var body = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !body.isEmpty {
                let place = Int.random(in: 0..<body.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: body[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: body.remove(at: place)
                case 2: body.insert(contentsOf: #"[{"9e"#.utf8, at: place)
                default: body.removeSubrange(place...)
                }
            }
            let wire = WireMessage(routingKey: "", headers: ["clock": .double(.nan), "expires": .double(.infinity)], body: body)
            guard let message = try? ControlMessage(wire) else {
                refused += 1
                continue
            }
            _ = message.isFor("celery@host")
            _ = message.answer(of: "celery@host", nil, clock: message.clock)
            let again = try? ControlMessage(message.wire)
            #expect(again?.request == message.request)
        }
        #expect(refused > 5_000 && refused < 20_000)
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
