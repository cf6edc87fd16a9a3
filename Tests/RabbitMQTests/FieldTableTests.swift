import CeleryCore
import Fixtures
import Testing

@testable import RabbitMQ

@Suite struct FieldTableTests {
    @Test func `header tables go out and come back`() {
        let scratch = Scratch(capacity: 64)
        var generator = SeededGenerator(seed: 4)
        func json(_ depth: Int) -> JSON {
            switch Int.random(in: 0...(depth > 4 ? 5 : 7), using: &generator) {
            case 0: return .null
            case 1: return .bool(Bool.random(using: &generator))
            case 2: return .int(Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0...63, using: &generator))
            case 3: return .double(Double.random(in: -1e9...1e9, using: &generator))
            case 4, 5: return .string(String(repeating: "ü", count: Int.random(in: 0...40, using: &generator)))
            case 6: return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in json(depth + 1) })
            default: return .object(JSONObject((0..<Int.random(in: 0...4, using: &generator)).map { ("k\($0)", json(depth + 1)) }))
            }
        }
        for _ in 0..<2_000 {
            let object = JSONObject((0..<5).map { ("key \($0)", json(0)) })
            #expect(FieldTable.object(FieldTable.table(object, in: scratch)) == object)
            var size = 0
            #expect(FieldTable.measure(object, into: &size) == nil && size >= 4)
            scratch.reset()
        }
        // Deeper than anybody means: cut off, and no overflow of the stack.
        let deep = (0..<1_000).reduce(JSON.int(1)) { inner, _ in [inner] }
        #expect(FieldTable.object(FieldTable.table(["deep": deep], in: scratch))["deep"] != nil)
    }
}
