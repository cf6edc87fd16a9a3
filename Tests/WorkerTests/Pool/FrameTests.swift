import CeleryCore
import Fixtures
import Tasks
import Testing
import Wire
@testable import Worker

@Suite struct FrameTests {
    static var message: Message {
        var message = Message(id: TaskID("größe"), task: "t", body: BodyCodec.encode(TaskArguments(args: [1, "ü", nil])))
        message.priority = 3
        message.route.queue = "q"
        return message
    }

    static var retry: RetryPlan {
        var retry = RetryPlan(isLeft: true, delay: -0.0)
        retry.growth = RetryPlan.Growth(maximum: 1e9, isJittered: true, retries: .max)
        retry.until = Timestamp(seconds: 0.5)
        retry.causes = [.anything, .status(255), .signal(15), .error("a.B")]
        return retry
    }

    static var request: JobRequest {
        var request = JobRequest(
            tag: .min, attempt: 2, message: EncodedMessage(message), taskName: "t", taskID: "größe", program: "/x y",
            softTimeLimit: 0.5, hardTimeLimit: .infinity, maxOutputBytes: .max, retry: retry, memoryLimit: 5)
        request.fileMark = mark
        request.keptOutputBytes = 5
        request.logBytes = .max
        request.said = OptionValues(json: ["max_output": 7, "retry_delay": 0.5])
        var settings = Settings(projectFolder: "/p", file: "/p/celery.toml")
        settings.commandPatterns = ["ls ...", ""]
        settings.commandVariables = ["A", "B_*"]
        request.command = CommandPolicy(settings)
        return request
    }

    static let mark = FileMark(size: .max, mode: .max, user: 0, group: 7, modified: .min, changed: 1)

    static var report: JobReport {
        var report = JobReport(
            tag: 7, ending: .retry(delay: 1.5, TaskFailure(type: "E", arguments: [["x": .double(.nan)], .bigInteger("9" + String(repeating: "0", count: 40))], module: "m"), traceback: "t\n"),
            duration: 0.25, errorOutput: "\u{0}")
        report.standardOutput = "o"
        report.output = [1, 0, 255]
        report.meta = ["rows": 5]
        report.next.messages = [EncodedMessage(message), EncodedMessage(message)]
        report.next.children = [[["a", nil], nil]]
        report.next.heirs = [
            Canvas.Heir(id: TaskID("h"), task: "heir", replyTo: "r", groupID: nil), Canvas.Heir(id: TaskID("i"), task: "", groupID: "g"),
        ]
        report.next.unsupported = ["a chord", ""]
        let body = Array(#"{"task": "sum", "args": [1], "kwargs": {"x": null}, "options": {}, "subtask_type": null, "immutable": true}"#.utf8)
        report.next.memberships = [(TaskID("m"), 3), (TaskID(""), nil)].compactMap {
            Canvas.Membership(id: $0, group: "g", index: $1, encodedBody: body)
        }
        return report
    }

    /// One of each, with all that it can hold.
    static var all: [Frame] {
        [
            .job(request), .recall, .finish, .terminate(.max, signal: 15), .ready, .report(report), .returned([]), .returned([1, -1, .max]), .outdated(.min),
            .report(JobReport(tag: 1, ending: .success(["a": [1, 2.5, .double(.infinity), "x"]]), duration: 0)),
            .report(JobReport(tag: 1, ending: .failure(.notRegistered("t"), traceback: nil), duration: 1)),
            .report(JobReport(tag: 1, ending: .revoked(.revoked("terminated"), signal: 9), duration: 1)),
            .report(JobReport(tag: 1, ending: .revoked(.revoked("expired"), signal: nil), duration: 0)),
            .output(3, TaskOutput(pieces: [.bytes(.stderr, [0, 255])]).encoded), .output(.min, []),
            .news(-1, ["current": 1, "text": "ü\n"]), .news(.max, [:]),
            .log(LogLine(taskID: "id", taskName: "name", level: "info", text: "a\nline \u{10FFFF}")),
        ]
    }

    @Test func `reads back what it wrote`() throws {
        for frame in Self.all {
            let bytes = frame.encoded()
            #expect(bytes.count - 4 == Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16 | Int(bytes[3]) << 24)
            // Out of the middle of a buffer, as they come.
            let buffer = [1, 2, 3] + bytes
            #expect(try Frame(decoding: buffer[7...]).encoded() == bytes)
        }
    }

    @Test func `a job keeps its fields`() throws {
        guard case .job(let job) = try Frame(decoding: Frame.job(Self.request).encoded()[4...]) else {
            Issue.record("no job")
            return
        }
        #expect(try job.message.message() == EncodedMessage(Self.message).message())
        #expect((job.tag, job.attempt, job.taskName, job.taskID, job.program) == (.min, 2, "t", "größe", "/x y"))
        #expect((job.softTimeLimit, job.hardTimeLimit, job.memoryLimit, job.maxOutputBytes) == (0.5, .infinity, 5, .max))
        #expect(job.fileMark == Self.mark)
        #expect(job.retry == Self.retry)
    }

    @Test func `a report keeps what follows`() throws {
        guard case .report(let report) = try Frame(decoding: Frame.report(Self.report).encoded()[4...]) else {
            Issue.record("no report")
            return
        }
        #expect(report.next == Self.report.next)
        #expect(report.errorOutput == "\u{0}")
        #expect((report.tag, report.duration) == (7, 0.25))
    }

    @Test func `a frame that breaks off is an error at every byte`() {
        for frame in Self.all {
            let bytes = frame.encoded()
            for end in 4..<bytes.count {
                #expect(throws: FrameError.self) { try Frame(decoding: bytes[4..<end]) }
            }
        }
    }

    @Test func `a count below zero is an error`() {
        for frame in [Frame.returned([1]), .report(Self.report)] {
            let bytes = frame.encoded()
            for start in stride(from: 5, to: bytes.count - 8, by: 1) {
                var damaged = bytes
                damaged.replaceSubrange(start..<start + 8, with: repeatElement(0xFF, count: 8))
                _ = try? Frame(decoding: damaged[4...])
            }
        }
        #expect(throws: FrameError.self) { try Frame(decoding: [65 + 1] + [UInt8](repeating: 0xFF, count: 8)) }
    }

    @Test func `survives damaged and made-up frames`() {
        var random = SeededGenerator(seed: 71)
        var read = 0
        for frame in Self.all {
            let good = Array(frame.encoded()[4...])
            for _ in 0..<fuzzRounds(3_000) {
                var bytes = good
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0...4, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
                    case 2: bytes.remove(at: place)
                    case 3: bytes.insert(0xFF, at: place)
                    default: bytes.removeSubrange(place..<min(bytes.count, place + 9))
                    }
                }
                if let frame = try? Frame(decoding: bytes[...]) {
                    read += 1
                    _ = frame.encoded()
                }
            }
        }
        for _ in 0..<fuzzRounds(20_000) {
            let kind = [1, 2, 3, 64, 65, 66, 67, 9].randomElement(using: &random)!
            let bytes = [UInt8(kind)] + (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...3, using: &random) }
            _ = try? Frame(decoding: bytes[...])
        }
        #expect(read > 1_000)
        #expect(throws: FrameError.self) { try Frame(decoding: []) }
    }
}

@Suite struct ByteCodingTests {
    @Test func `reads back values of every kind`() throws {
        var writer = ByteWriter(reserving: 1)
        writer.write(UInt8(255))
        writer.write(Int64.min)
        writer.write(-1)
        writer.write(Double.leastNonzeroMagnitude)
        writer.write(true)
        writer.write([1, 2, 3] as [UInt8])
        writer.write("ü\u{0}")
        writer.write("" as String?)
        writer.write(nil as String?)
        writer.write(2.5 as Double?)
        writer.write(nil as Double?)
        writer.write(9 as Int?)
        writer.write(nil as [UInt8]?)
        writer.write([] as [UInt8]?)
        var reader = ByteReader(writer.bytes[...])
        let (byte, large, small, fraction) = (
            try reader.readByte(), try reader.readInt64(), try reader.readInt(), try reader.readDouble()
        )
        #expect((byte, large, small, fraction) == (255, .min, -1, .leastNonzeroMagnitude))
        let (truth, bytes, text) = (try reader.readBool(), try reader.readBytes(), try reader.readString())
        #expect(truth && bytes == [1, 2, 3] && text == "ü\u{0}")
        func string(_ reader: inout ByteReader) throws(FrameError) -> String { try reader.readString() }
        func double(_ reader: inout ByteReader) throws(FrameError) -> Double { try reader.readDouble() }
        func list(_ reader: inout ByteReader) throws(FrameError) -> [UInt8] { try reader.readBytes() }
        let texts = [try reader.readOptional(string), try reader.readOptional(string)]
        #expect(texts == ["", nil])
        let fractions = [try reader.readOptional(double), try reader.readOptional(double)]
        #expect(fractions == [2.5, nil])
        let whole = try reader.readOptional { (reader) throws(FrameError) in try reader.readInt() }
        #expect(whole == 9)
        let lists = [try reader.readOptional(list), try reader.readOptional(list)]
        #expect(lists == [nil, []])
        #expect(throws: FrameError.self) { try reader.readByte() }
    }

    @Test(arguments: [-1, 4, Int.max, Int.min])
    func `a length that is not there is an error`(_ length: Int) {
        var writer = ByteWriter()
        writer.write(length)
        writer.write([1, 2, 3].map { UInt8($0) })
        var reader = ByteReader(writer.bytes.prefix(11))
        #expect(throws: FrameError.self) { try reader.readBytes() }
    }

    @Test func `bytes that are no text become text all the same`() throws {
        var writer = ByteWriter()
        writer.write([0xFF, 0x41] as [UInt8])
        var reader = ByteReader(writer.bytes[...])
        let text = try reader.readString()
        #expect(text == "\u{FFFD}A")
    }
}
