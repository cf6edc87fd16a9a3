@testable import CeleryCore
import Fixtures
import Testing

@Suite struct TaskOutputTests {
    static let sample = TaskOutput(pieces: [
        .bytes(.stdout, [0, 255, 10]), .bytes(.stderr, Array("e".utf8)), .gap(.stdout, 1 << 40), .bytes(.stdout, Array("end\n".utf8)),
    ])

    @Test func `is decoded as it was encoded`() {
        for output in [Self.sample, TaskOutput()] { #expect(TaskOutput(decoding: output.encoded) == output) }
        #expect(Self.sample.bytes(of: .stdout) == [0, 255, 10] + "end\n".utf8)
        #expect(Self.sample.omitted(of: .stdout) == 1 << 40)
        #expect(Self.sample.omitted(of: .stderr) == 0)
    }

    @Test func `refuses what is no output, whatever it is`() {
        let good = Self.sample.encoded
        #expect(TaskOutput(decoding: []) == nil)
        #expect(TaskOutput(decoding: [2] + good.dropFirst()) == nil)
        // A piece may end where a shorter output would; everywhere else it is cut.
        let whole = good.indices.filter { TaskOutput(decoding: Array(good[..<$0])) != nil }
        #expect(whole.count == Self.sample.pieces.count)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<5_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            // Neither crashes nor takes memory that is not there.
            if let output = TaskOutput(decoding: bytes) { #expect(output.bytes(of: .stdout).count <= bytes.count) }
        }
    }
}

@Suite struct OutputCollectorTests {
    @Test func `keeps all within the limit, in the order of both streams`() {
        var collector = OutputCollector(limit: 100)
        #expect(collector.isEmpty && collector.output.isEmpty)
        for (text, stream) in [("a", TaskOutput.Stream.stdout), ("b", .stdout), ("x", .stderr), ("c", .stdout), ("y", .stderr)] {
            collector.add(Array(text.utf8), to: stream)
        }
        #expect(collector.output.pieces == [
            .bytes(.stdout, Array("ab".utf8)), .bytes(.stderr, Array("x".utf8)), .bytes(.stdout, Array("c".utf8)), .bytes(.stderr, Array("y".utf8)),
        ])
    }

    @Test func `keeps the beginning and the end of each stream, and counts the rest`() {
        var collector = OutputCollector(limit: 10)
        collector.add(Array("12345678".utf8), to: .stdout)
        collector.add(Array("quiet".utf8), to: .stderr)
        collector.add(Array("9abcdefghij".utf8), to: .stdout)
        #expect(collector.output.pieces == [
            .bytes(.stdout, Array("12345".utf8)), .bytes(.stderr, Array("quiet".utf8)), .gap(.stdout, 9), .bytes(.stdout, Array("fghij".utf8)),
        ])
    }

    @Test func `keeps nothing when it is told so`() {
        var collector = OutputCollector(limit: 0)
        collector.add(Array("text".utf8), to: .stdout)
        #expect(collector.isEmpty && collector.output.isEmpty)
        #expect(collector.nextReport == nil)
    }

    /// Beside a model that keeps everything.
    @Test func `whatever the pieces, the same bytes are kept`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let limit = Int.random(in: 1...40, using: &generator)
            var collector = OutputCollector(limit: limit)
            var all: [TaskOutput.Stream: [UInt8]] = [.stdout: [], .stderr: []]
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                let stream = TaskOutput.Stream.allCases.randomElement(using: &generator)!
                let bytes = (0..<Int.random(in: 0...30, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                collector.add(bytes, to: stream)
                all[stream]! += bytes
                // Looking does not change anything.
                if Bool.random(using: &generator) { _ = collector.output }
            }
            let output = collector.output
            for stream in TaskOutput.Stream.allCases {
                let whole = all[stream]!
                let head = limit / 2
                let expected = whole.count <= limit ? whole : Array(whole.prefix(head) + whole.suffix(limit - head))
                #expect(output.bytes(of: stream) == expected)
                #expect(output.omitted(of: stream) == max(0, whole.count - limit))
            }
            #expect(TaskOutput(decoding: output.encoded) == output)
        }
    }

    @Test func `an endless stream takes no more memory than the limit`() {
        var collector = OutputCollector(limit: 1_000)
        let chunk = [UInt8](repeating: 0x78, count: 64)
        for _ in 0..<20_000 { collector.add(chunk, to: .stdout) }
        #expect(collector.output.bytes(of: .stdout).count == 1_000)
        #expect(collector.output.omitted(of: .stdout) == 64 * 20_000 - 1_000)
        #expect(collector.output.encoded.count < 1_100)
    }

    @Test func `reports new output a few times a second, and first when the attempt is not over at once`() {
        let start = ContinuousClock.now
        var collector = OutputCollector(limit: 1 << 20)
        #expect(collector.nextReport == nil)
        collector.add([1], to: .stdout)
        #expect(collector.report(at: start) == nil)
        let first = collector.nextReport!
        #expect(first >= start + .milliseconds(250))
        #expect(collector.report(at: first)?.bytes(of: .stdout) == [1])
        #expect(collector.report(at: first + .seconds(5)) == nil)
        collector.add([UInt8](repeating: 2, count: 100_000), to: .stderr)
        #expect(collector.nextReport == first + .milliseconds(250))
        #expect(collector.report(at: first + .milliseconds(250)) != nil)
        // Each report has everything, so that much output is reported less often.
        collector.add([3], to: .stdout)
        #expect(collector.nextReport == first + .milliseconds(1_250))
    }
}
