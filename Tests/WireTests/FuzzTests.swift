import CeleryCore
import Fixtures
import Testing
import Wire

/// Whatever arrives, reading it must end, and must not crash.
@Suite struct FuzzTests {
    private func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0...4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(Array("\"\\{}[],:-.eE0n".utf8).randomElement(using: &random)!, at: place)
            default: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &random)))
            }
        }
        return bytes
    }

    /// Reads a message as a worker would; returns how far it came.
    private func read(_ wire: WireMessage) -> Int {
        guard let message = try? TaskMessageDecoder(bodyLimit: 1 << 20).decode(wire) else { return 0 }
        #expect(!message.id.text.isEmpty && !message.task.isEmpty)
        _ = TaskMessageEncoder.encode(message)
        guard let arguments = try? BodyCodec.decode(message.body, limit: 1 << 20) else { return 1 }
        for state in [TaskState.success, .failure] {
            let result = TaskResult(id: message.id, state: state, value: 1)
            for followUp in Canvas.followUps(after: message, arguments: arguments, result: result).messages {
                #expect((try? BodyCodec.decode(followUp.body)) != nil)
            }
        }
        return 2
    }

    @Test func `survives damaged bodies`() throws {
        var random = SeededGenerator(seed: 51)
        var depths = [0, 0, 0]
        for name in Golden.names("task-", "canvas-") {
            let golden = try Golden.message(name)
            for _ in 0..<fuzzRounds(300) {
                var wire = golden
                wire.body = mutate(golden.body, &random)
                depths[read(wire)] += 1
            }
        }
        #expect(depths.allSatisfy { $0 > 100 }, "\(depths)")
    }

    @Test func `survives odd headers and properties`() throws {
        var random = SeededGenerator(seed: 52)
        let values: [JSON] = [
            nil, true, 0, -1, 1.5, .double(.nan), .double(1e300), .int(.max), "", "x", "2020-01-01", "9999-12-31T23:59:59-23:59", [], [nil, nil],
            [1, 2], [.double(.infinity), -1], [:], ["a": 1], "application/x-gzip", "application/x-bz2", .bigInteger("99999999999999999999"),
        ]
        var depths = [0, 0, 0]
        for name in Golden.names("task-", "canvas-") {
            let golden = try Golden.message(name)
            for _ in 0..<fuzzRounds(200) {
                var wire = golden
                let keys = golden.headers.keys + ["extra", "compression"]
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    wire.headers[keys.randomElement(using: &random)!] = Bool.random(using: &random) ? values.randomElement(using: &random)! : nil
                }
                if Int.random(in: 0...9, using: &random) == 0 { wire.properties.contentType = nil }
                wire.properties.priority = Int.random(in: -5...300, using: &random)
                depths[read(wire)] += 1
            }
        }
        #expect(depths[0] > 100 && depths[2] > 100, "\(depths)")
    }

    @Test func `survives random bytes as bodies, compressed or not`() {
        var random = SeededGenerator(seed: 53)
        let magic: [[UInt8]] = [[], [0x78, 0x9C], [0x1F, 0x8B, 8, 0], Array("BZh9".utf8), Array("[[".utf8), Array("{\"task\":".utf8)]
        for round in 0..<fuzzRounds(20_000) {
            let start = magic.randomElement(using: &random)!
            let bytes = start + (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            var headers: JSONObject = round % 3 == 0 ? [:] : ["task": "t", "id": "i"]
            headers["compression"] = [nil, "gzip", "bzip2"][round % 3]
            let wire = WireMessage(routingKey: "q", properties: WireProperties(contentType: "application/json"), headers: headers, body: bytes)
            #expect(read(wire) <= 2)
            #expect((try? ResultDocument(parsing: bytes)) == nil)
        }
    }

    @Test func `survives damaged times`() throws {
        var random = SeededGenerator(seed: 54)
        for text in ["2026-11-22T17:50:28.017376+00:00", "2030-01-02 03:04:05Z", "2020-01-02", "2020-01-02T03:04+0200"] {
            for _ in 0..<fuzzRounds(10_000) {
                let damaged = String(decoding: mutate(Array(text.utf8), &random), as: UTF8.self)
                guard let time = ISO8601.timestamp(damaged) else { continue }
                #expect(ISO8601.timestamp(ISO8601.text(time)) != nil)
            }
        }
    }

    @Test func `survives damaged results`() throws {
        var random = SeededGenerator(seed: 55)
        for name in Golden.names("rpc-result-") {
            let golden = try Golden.message(name)
            for _ in 0..<fuzzRounds(500) {
                guard let document = try? ResultDocument(parsing: mutate(golden.body, &random)) else { continue }
                let text = document.json(extended: true).bytes(style: .python)
                #expect((try? ResultDocument(parsing: text)) != nil)
            }
        }
    }
}
