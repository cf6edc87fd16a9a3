import CeleryCore
import Client
import Foundation
import Testing

@testable import Commands

@Suite struct JobLogTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)").path

    private func item(_ number: Int, _ text: String, failedSet: Int? = nil) throws -> DmapItem {
        DmapItem(
            number: number, parts: [Array(text.utf8)], arguments: try ItemArguments(Array(text.utf8), .raw, number: number),
            failedSet: failedSet)
    }

    private func line(_ item: DmapItem, _ set: SetNumbering, failing: Bool = false, received: Int = 0) -> JobLogLine {
        var result = TaskResult(id: set.member(item.number), state: failing ? .failure : .success)
        result.dateStarted = Timestamp(seconds: 1_700_000_000.25)
        result.dateDone = Timestamp(seconds: 1_700_000_001.5)
        result.worker = "celery@here"
        return JobLogLine(item, result, command: JobLog.command("t.a", item), received: received)
    }

    private func entry(_ history: JobHistory, _ item: DmapItem) -> JobHistory.Entry? {
        history.entry(of: item.number, JobLog.command("t.a", item))
    }

    @Test func `has the columns of GNU parallel, and the id of the task`() throws {
        defer { unlink(path) }
        let set = try #require(SetNumbering(id: "01234567-89ab-4cde-8f01-000000000000"))
        let log = try JobLog(path: path, isResumed: false, task: "t.a")
        try log.begin(set)
        try log.append([line(try item(10, "a\tb\nc"), set, received: 7)])
        var killed = TaskResult(id: set.member(11), state: .failure)
        killed.failure = TaskFailure(type: "CalledProcessError", arguments: [-9, "t.a"], module: "subprocess")
        let last = try item(11, "")
        try log.append([JobLogLine(last, killed, command: JobLog.command("t.a", last), received: 0)])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == """
            Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\tSet=01234567-89ab-4cde-8f01-000000000000
            10\tcelery@here\t1700000000.250\t     1.250\t5\t7\t0\t0\tt.a a\\tb\\nc\t01234567-89ab-4cde-8f01-00000000000a
            11\t:\t0.000\t     0.000\t0\t0\t0\t9\tt.a \t01234567-89ab-4cde-8f01-00000000000b

            """)
    }

    @Test func `remembers what is finished, in which set, and the last word counts`() throws {
        defer { unlink(path) }
        let sets = [SetNumbering(), SetNumbering()]
        let (one, two, three) = (try item(1, "a\tb"), try item(2, "two"), try item(3, "line\nbreak"))
        do {
            let log = try JobLog(path: path, isResumed: false, task: "t.a")
            try log.begin(sets[0])
            try log.append([line(one, sets[0], failing: true, received: 3), line(two, sets[0], failing: true, received: 4)])
            try log.begin(sets[1])
            try log.append([line(two, sets[1], received: 5), line(three, sets[1])])
        }
        let again = try JobLog(path: path, isResumed: true, task: "t.a").history
        #expect(again.sets == sets)
        #expect(again.printedBytes == 12)
        #expect(entry(again, one) == JobHistory.Entry(set: 0, isFailed: true))
        #expect(entry(again, two) == JobHistory.Entry(set: 1, isFailed: false))
        #expect(entry(again, three) == JobHistory.Entry(set: 1, isFailed: false))
        // Another item in an old place is not taken for done.
        #expect(try entry(again, item(2, "Two")) == nil)
        #expect(try entry(again, item(4, "x")) == nil)
        // A new run begins a new log.
        #expect(try JobLog(path: path, isResumed: false, task: "t.a").history.sets == [])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "")
    }

    @Test func `a line that was cut off is removed before anything is added`() throws {
        defer { unlink(path) }
        let set = SetNumbering()
        let one = try item(1, "a")
        let whole = String(decoding: line(one, set).bytes, as: UTF8.self)
        let text = "\(JobLogLine.columns)\tSet=\(set.id)\n\(whole)nonsense\n\n"
        for cut in ["2", "2\tcelery", String(repeating: "x", count: 10_000)] {
            try (text + cut).write(toFile: path, atomically: true, encoding: .utf8)
            let log = try JobLog(path: path, isResumed: true, task: "t.a")
            #expect(entry(log.history, one) != nil)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
        try "2\t".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try JobLog(path: path, isResumed: true, task: "t.a").history.sets == [])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "")
    }

    @Test func `reads a log of celery 0.8`() throws {
        defer { unlink(path) }
        try "1\ti\tSUCCESS\t0\ta b\n2\ti\tFAILURE\t3\ttwo\n".write(toFile: path, atomically: true, encoding: .utf8)
        let history = try JobLog.history(path: path, task: "t.a")
        #expect(try entry(history, item(2, "two")) == JobHistory.Entry(set: 0, isFailed: true))
    }

    @Test func `nobody else writes to the log meanwhile`() throws {
        defer { unlink(path) }
        let log = try JobLog(path: path, isResumed: false, task: "t.a")
        #expect {
            _ = try JobLog(path: path, isResumed: true, task: "t.a")
        } throws: { error in
            Report.describe(error).message == "job log \(path) is in use by another dmap" && Report.describe(error).status == 75
        }
        try log.begin(SetNumbering())
    }

    @Test func `reads anything without ending, and every line of its own`() throws {
        defer { unlink(path) }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...400, using: &random)).map { _ in
                [UInt8(9), 10, 48, 49, 58, 97, 255, .random(in: 0...255, using: &random)].randomElement(using: &random)!
            }
            try Data(bytes).write(to: URL(filePath: path))
            _ = try JobLog(path: path, isResumed: true, task: "t.a").history
            let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let item = DmapItem(number: .random(in: 1...10_000_000, using: &random), parts: [text], arguments: try ItemArguments([], .raw, number: 1))
            let line = line(item, SetNumbering(), failing: .random(), received: .random(in: 0...9_999, using: &random))
            #expect(JobLogLine(Array(line.bytes.dropLast())) == line)
        }
    }

    @Test func `takes four bytes for each item`() throws {
        var history = JobHistory()
        let set = SetNumbering()
        history.begin(set)
        for number in 1...200_000 { history.note(number, Array("t \(number)".utf8), task: set.member(number), isFailed: number % 7 == 0, bytes: 1) }
        #expect((1...200_000).allSatisfy { history.entry(of: $0, Array("t \($0)".utf8)) == JobHistory.Entry(set: 0, isFailed: $0 % 7 == 0) })
        #expect((1...200_000).allSatisfy { history.entry(of: $0, Array("u \($0)".utf8)) == nil })
    }

    @Test func `cuts the file of results to what the log tells of`() throws {
        defer { unlink(path) }
        try "one\ntwo\nthr".write(toFile: path, atomically: true, encoding: .utf8)
        let file = try OutputFile(path: path, keeping: 4)
        try Array("2\n".utf8).withUnsafeBytes { try file.write($0) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\n2\n")
        #expect {
            _ = try OutputFile(path: path, keeping: 7)
        } throws: { error in
            Report.describe(error).message == "\(path) has 6 bytes, but the job log tells of 7" && Report.describe(error).status == 65
        }
    }
}
