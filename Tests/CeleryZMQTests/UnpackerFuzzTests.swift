import CeleryCore
import Fixtures
import Testing

@testable import CeleryZMQ

@Suite struct UnpackerFuzzTests {
    /// Reads bytes as everything that a client may send.
    private func read(_ bytes: [UInt8]) {
        _ = try? Unpacker.value(RequestEnvelope.self, of: bytes)
        _ = try? Unpacker.value(ReplyEnvelope.self, of: bytes)
        _ = try? Unpacker.value([Message].self, of: bytes)
        _ = try? Unpacker.value([Outcome].self, of: bytes)
        _ = try? Unpacker.value([Delivery].self, of: bytes)
        _ = try? Unpacker.value([TaskResult].self, of: bytes)
        _ = try? Unpacker.value(Pair<[Revocation], String>.self, of: bytes)
        _ = try? Unpacker.value(Triple<[Message], [EntryRecord], [Int64]>.self, of: bytes)
        _ = try? Unpacker.value(StatisticsReport.self, of: bytes)
        _ = try? Unpacker.value([Pair<DeliveryHandle, TaskLimit>].self, of: bytes)
        _ = try? Unpacker.value(Triple<[ControlRequest], WorkerChoice, Duration>.self, of: bytes)
        _ = try? Unpacker.value(TaskSetRecord.self, of: bytes)
    }

    @Test func `survives any bytes`() {
        var random = SeededGenerator(seed: 14)
        for _ in 0..<fuzzRounds(3_000) {
            let count = Int.random(in: 0...200, using: &random)
            read((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    @Test func `survives requests with some bytes changed, lost or doubled`() {
        var message = Message(id: TaskID("a"), task: "t", body: MessageBody(bytes: Array("[[], {}, {}]".utf8)))
        message.headers["h"] = [1, ["a": nil]]
        var outcome = Outcome(handle: DeliveryHandle(tag: 1, attempt: 1), results: [TaskResult(id: TaskID("a"), state: .success, value: ["x": 1])], followUps: [message])
        outcome.output = AttemptOutput(id: TaskID("a"), attempt: 1, isFinal: true, content: [1])
        let samples = [
            Packer.bytes(of: [message, message]), Packer.bytes(of: [outcome]),
            Packer.bytes(of: RequestEnvelope(number: 7, verb: "publish", place: "p", body: Packer.bytes(of: [message]))),
            Packer.bytes(of: Pair([Revocation(.task("t"), issued: Timestamp(seconds: 1), until: Timestamp(seconds: 2))], "w")),
        ]
        var random = SeededGenerator(seed: 15)
        for _ in 0..<fuzzRounds(3_000) {
            var bytes = samples.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(bytes[place], at: place)
                default: bytes.removeLast(bytes.count - place)
                }
            }
            read(bytes)
        }
    }
}
