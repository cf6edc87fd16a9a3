import Arguments
import CeleryCore
import Foundation
import Testing

@testable import Commands

@Suite struct DmapPartsTests {
    @Test func `makes items of words`() throws {
        let items = try DmapItems(words: ["1", "x", "a=b"].map { Array($0.utf8) }, isJSONLines: false, isRaw: false)
        #expect(items.total == 3)
        var all: [DmapItems.Item] = []
        while let item = try items.next() { all.append(item) }
        #expect(all.map(\.number) == [1, 2, 3])
        #expect(all.map(\.text) == ["1", "x", "a=b"])
        #expect(all.map(\.args) == [[1], ["x"], ["a=b"]])
        let raw = try DmapItems(words: [Array("1".utf8)], isJSONLines: false, isRaw: true)
        #expect(try raw.next()?.args == ["1"])
    }

    @Test func `makes items of JSON`() throws {
        let items = try DmapItems(words: ["[1, \"x\"]", "{\"k\": 2}", "5"].map { Array($0.utf8) }, isJSONLines: true, isRaw: false)
        #expect(try items.next()?.args == [1, "x"])
        let second = try items.next()
        #expect(second?.args == [])
        #expect(second?.kwargs["k"] == 2)
        do {
            _ = try items.next()
            Issue.record("took a number")
        } catch {
            #expect(Report.describe(error).message == "line 3 is neither a JSON array nor a JSON object")
            #expect(Report.describe(error).status == 65)
        }
    }

    @Test func `keeps the bytes of an item that is not UTF-8`() throws {
        let bytes = Array("caf".utf8) + [0xE9]
        for isRaw in [false, true] {
            let item = try DmapItems(words: [bytes], isJSONLines: false, isRaw: isRaw).next()
            #expect(item?.args.map(\.binaryValue) == [bytes])
            #expect(item?.text == "caf\u{FFFD}")
        }
    }

    @Test func `reads when to halt`() throws {
        let parser = ValueParser<Halt>.halt
        #expect(try parser.parse("now,fail=3") == Halt(isNow: true, limit: .failures(3)))
        #expect(try parser.parse("soon,fail=10%") == Halt(isNow: false, limit: .percent(10)))
        for text in ["", "now", "now,fail=", "now,fail=0", "now,fail=-1", "now,fail=101%", "later,fail=1", "now,fail=1,x", "now,success=1", "now,fail=%"] {
            #expect(throws: InvalidValue.self, "\(text)") { try parser.parse(text) }
        }
    }

    @Test func `knows when enough have failed`() {
        let three = Halt(isNow: true, limit: .failures(3))
        #expect(!three.isReached(failures: 2, total: 3))
        #expect(three.isReached(failures: 3, total: 1_000))
        let tenth = Halt(isNow: true, limit: .percent(10))
        #expect(!tenth.isReached(failures: 0, total: 0))
        #expect(!tenth.isReached(failures: 9, total: 100))
        #expect(tenth.isReached(failures: 10, total: 100))
        #expect(tenth.isReached(failures: 1, total: 5))
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `a pool that fails ends the map with its error, whether the map can be cancelled or not`(canBeCancelled: Bool) async throws {
        let pool = LocalPool(life: Task { throw CommandError(ExitCode.ownBug, "the pool failed: x") }, stop: {})
        await #expect {
            try await pool.serve {
                if canBeCancelled { try await Task.sleep(for: .seconds(3_600)) }
                // As a read of a pipe that stays silent.
                await withCheckedContinuation { (_: CheckedContinuation<Void, Never>) in }
                return 0
            }
        } throws: { error in
            Report.describe(error).message == "the pool failed: x" && Report.describe(error).status == 70
        }
    }

    @Test func `a map that ends stops its pool, and its status or error counts`() async throws {
        let stopped = Bell()
        func pool() -> LocalPool {
            LocalPool(life: Task { await stopped.wait(since: 0, until: nil) }, stop: { stopped.ring() })
        }
        #expect(try await pool().serve { 3 } == 3)
        #expect(stopped.count == 1)
        await #expect(throws: ArgumentError("x")) { try await pool().serve { throw ArgumentError("x") } }
    }

    @Test func `remembers what is finished, and the last word counts`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = try JobLog(path: path, isResumed: false)
        let result = TaskResult(id: TaskID("i"), state: .failure)
        try log.append(1, result, status: 3, text: "a\tb")
        try log.append(2, result, status: 3, text: "two")
        try log.append(2, result, status: 0, text: "two")
        try log.append(3, result, status: 0, text: "line\nbreak")
        let again = try JobLog(path: path, isResumed: true)
        #expect(try again.finished() == [
            JobLog.Key(number: 1, text: "a\tb"): 3, JobLog.Key(number: 2, text: "two"): 0,
            JobLog.Key(number: 3, text: "line\nbreak"): 0,
        ])
        // A new run begins a new log.
        #expect(try JobLog(path: path, isResumed: false).finished() == [:])
    }

    @Test func `reads a log that was cut off or damaged`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "1\ti\tSUCCESS\t0\ta\nnonsense\n\nx\ti\tS\t0\tb\n2\ti\tSUCCESS\tx\tc\n3\ti\tSUC".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try JobLog(path: path, isResumed: true).finished() == [JobLog.Key(number: 1, text: "a"): 0])
    }
}
