import CeleryCore
import Fixtures
import Testing

@testable import RabbitMQ

@Suite struct PackedHeadersTests {
    @Test func `plain headers stay as they are, and the others go into one`() {
        let headers: JSONObject = [
            "task": "add", "retries": 0, "eta": nil, "x": 1.5, "is": true, "timelimit": [nil, 30], "stamps": [:], "big": .int(1 << 40),
        ]
        let packed = PackedHeaders.pack(headers)
        #expect(packed.members.map(\.key) == ["task", "retries", "eta", "x", "is", PackedHeaders.name])
        #expect(packed[PackedHeaders.name] == #"{"timelimit":[null,30],"stamps":{},"big":1099511627776}"#)
        #expect(PackedHeaders.unpack(packed) == headers)
    }

    @Test func `headers that are all plain are not touched`() {
        let headers: JSONObject = ["task": "add", "retries": -1]
        #expect(PackedHeaders.pack(headers) == headers)
        #expect(PackedHeaders.unpack(headers) == headers)
    }

    @Test func `a header of the same name comes back as it was sent`() {
        let headers: JSONObject = ["a": "b", "celery-headers": #"{"task":"another"}"#]
        #expect(PackedHeaders.unpack(PackedHeaders.pack(headers)) == headers)
    }

    @Test func `what anybody may have written stays as it came when it is not ours`() {
        for text: JSON in ["", "[1]", "{", "null", 7, #"{"a":1"#] {
            let headers: JSONObject = ["task": "add", "celery-headers": text]
            #expect(PackedHeaders.unpack(headers) == headers, "\(text)")
        }
    }

    @Test func `any headers come back, and only plain ones are sent`() {
        var generator = SeededGenerator(seed: 23)
        func json(_ depth: Int) -> JSON {
            switch Int.random(in: 0...(depth > 3 ? 5 : 7), using: &generator) {
            case 0: return .null
            case 1: return .bool(Bool.random(using: &generator))
            case 2: return .int(Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0...63, using: &generator))
            case 3: return .double(Double.random(in: -1e9...1e9, using: &generator))
            case 4, 5: return .string(String(repeating: "ü\"\n", count: Int.random(in: 0...9, using: &generator)))
            case 6: return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in json(depth + 1) })
            default: return .object(JSONObject((0..<Int.random(in: 0...4, using: &generator)).map { ("k\($0)", json(depth + 1)) }))
            }
        }
        for _ in 0..<fuzzRounds(2_000) {
            let headers = JSONObject((0..<Int.random(in: 0...9, using: &generator)).map { ("key \($0)", json(0)) })
            let packed = PackedHeaders.pack(headers)
            for member in packed.members {
                switch member.value {
                case .array, .object: Issue.record("\(member)")
                case .int(let number): #expect(Int32(exactly: number) != nil)
                default: break
                }
            }
            #expect(PackedHeaders.unpack(packed) == headers)
        }
    }
}
