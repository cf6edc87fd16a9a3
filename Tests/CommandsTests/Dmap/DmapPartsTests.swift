import Arguments
import CeleryCore
import Client
import Foundation
import Testing

@testable import Commands

@Suite struct DmapPartsTests {
    private func items(_ words: String..., kind: ItemArguments.Kind = .word, chunk: Int = 1) throws -> [DmapItem] {
        let items = try DmapItems(words: words.map { Array($0.utf8) }, kind: kind, chunk: chunk)
        var all: [DmapItem] = []
        while let item = try items.next() { all.append(item) }
        return all
    }

    @Test func `makes items of words`() throws {
        #expect(try DmapItems(words: ["1", "x", "a=b"].map { Array($0.utf8) }, kind: .word).total == 3)
        let all = try items("1", "x", "a=b")
        #expect(all.map(\.number) == [1, 2, 3])
        #expect(all.map(\.text) == ["1", "x", "a=b"])
        #expect(all.map(\.arguments.args) == [[1], ["x"], ["a=b"]])
        #expect(try items("1", kind: .raw)[0].arguments.args == ["1"])
    }

    @Test func `makes items of JSON`() throws {
        let items = try DmapItems(words: ["[1, \"x\"]", "{\"k\": 2}", "5"].map { Array($0.utf8) }, kind: .jsonLine)
        #expect(try items.next()?.arguments.args == [1, "x"])
        let second = try items.next()
        #expect(second?.arguments.args == [])
        #expect(second?.arguments.kwargs["k"] == 2)
        do {
            _ = try items.next()
            Issue.record("took a number")
        } catch {
            #expect(Report.describe(error).message == "line 3 is neither a JSON array nor a JSON object")
            #expect(Report.describe(error).status == 65)
        }
    }

    @Test func `makes one item of several, whose argument is an array`() throws {
        #expect(try DmapItems(words: ["1", "2", "3"].map { Array($0.utf8) }, kind: .word, chunk: 2).total == 2)
        let all = try items("1", "b", "3", chunk: 2)
        #expect(all.map(\.arguments.args) == [[[1, "b"]], [[3]]])
        #expect(all.map(\.text) == ["1 b", "3"])
        #expect(all.map(\.size) == [2, 1])
        #expect(!all.contains { !$0.isChunk })
        #expect(try items("[1]", "{\"k\": 2}", kind: .jsonLine, chunk: 2)[0].arguments.args == [[[1], ["k": 2]]])
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
        // While the input is open, a share of what is done, once that says something.
        #expect(!tenth.isReached(failures: 50, total: nil, done: 99))
        #expect(!tenth.isReached(failures: 9, total: nil, done: 100))
        #expect(tenth.isReached(failures: 10, total: nil, done: 100))
    }

    @Test func `keeps half a second of work in flight, within bounds`() {
        let start = ContinuousClock.now
        var limit = InFlight(fixed: nil, children: nil, now: start)
        #expect(limit.limit == 64)
        limit.note(1_000, now: start + .seconds(1))
        #expect(limit.limit == 500)
        limit.note(1_000_000, now: start + .seconds(2))
        #expect(limit.limit == 8_192)
        limit.note(1, now: start + .seconds(3))
        #expect(limit.limit == 64)
        #expect(InFlight(fixed: nil, children: 10).limit == 160)
        var fixed = InFlight(fixed: 3, children: 10, now: start)
        fixed.note(1_000, now: start + .seconds(1))
        #expect(fixed.limit == 3)
        #expect(fixed.room(open: 3) == 0)
        #expect(fixed.room(open: 2) == 1)
        // One commit for many.
        #expect(limit.room(open: 60) == 0)
        #expect(limit.room(open: 48) == 16)
    }

    private func printed(_ number: Int) -> PrintedItem { PrintedItem(number: number, id: TaskID("\(number)"), output: [1, 2]) }

    @Test func `lets results out in the order of their items`() {
        var window = ResultWindow<PrintedItem>(isOrdered: true)
        for number in [2, 5, 6, 9] { window.enter(number) }
        #expect(window.add(printed(5)).isEmpty)
        #expect(window.heldBytes == 2)
        #expect(window.add(printed(2)).map(\.number) == [2, 5])
        #expect((window.count, window.heldBytes) == (2, 0))
        #expect(window.add(printed(9)).isEmpty)
        #expect(window.remove(6).map(\.number) == [9])
        #expect(window.count == 0)
        window.enter(10)
        window.enter(11)
        _ = window.add(printed(11))
        #expect(window.drain().map(\.number) == [11])
        var unordered = ResultWindow<PrintedItem>(isOrdered: false)
        unordered.enter(1)
        unordered.enter(2)
        #expect(unordered.add(printed(2)).map(\.number) == [2])
        #expect(unordered.count == 0)
    }

    @Test func `a window keeps nothing of a million that went through it`() {
        var window = ResultWindow<PrintedItem>(isOrdered: true)
        var count = 0
        for number in 1...1_000_000 {
            window.enter(number)
            count += window.add(printed(number)).count
        }
        #expect((count, window.count, window.heldBytes) == (1_000_000, 0, 0))
    }

    @Test func `a pool that fails reports its error, and that it has stopped`() async throws {
        let (events, continuation) = AsyncStream.makeStream(of: DmapEvent.self)
        let pool = LocalPool(life: Task { throw CommandError(ExitCode.ownBug, "the pool failed: x") }, stop: { _ in })
        pool.watch { continuation.yield($0) }
        var iterator = events.makeAsyncIterator()
        guard case .failed(let error)? = await iterator.next() else { return _ = Issue.record("no error") }
        #expect(Report.describe(error).message == "the pool failed: x")
        guard case .poolStopped? = await iterator.next() else { return _ = Issue.record("not stopped") }
    }

    @Test func `draws what is known`() {
        #expect(ProgressBar.text(DmapProgress(done: 3)) == "3 done")
        #expect(ProgressBar.text(DmapProgress(done: 15, failed: 2, total: 30, rate: 2.5)) == "[###############...............] 15/30, 2.5/s, 2 failed, 7s left")
        #expect(ProgressBar.text(DmapProgress(done: 0, total: 100_000, rate: 12.4)).hasSuffix("] 0/100000, 12/s, 3h left"))
        #expect(ProgressBar.text(DmapProgress(done: 5, total: 5, rate: 100)) == "[##############################] 5/5, 100/s")
    }

    @Test func `tells the command to go on`() {
        #expect(GoOnCommand.text("celery", RawArguments(["dmap", "t", "--joblog", "a b"])) == "celery dmap t --joblog 'a b' --resume")
        #expect(GoOnCommand.text("celery", RawArguments(["dmap", "t", "--joblog", "j", "--", "-1"])) == "celery dmap t --joblog j --resume -- -1")
        #expect(GoOnCommand.text("celery", RawArguments(["dmap", "t", "--joblog", "j", "--retry-failed"])) == "celery dmap t --joblog j --retry-failed")
    }

    @Test func `keeps the bytes of an item that is not UTF-8`() throws {
        let bytes = Array("caf".utf8) + [0xE9]
        for kind in [ItemArguments.Kind.word, .raw] {
            let item = try DmapItems(words: [bytes], kind: kind).next()
            #expect(item?.arguments.args.map(\.binaryValue) == [bytes])
            #expect(item?.text == "caf\u{FFFD}" && item?.bytes == bytes)
        }
    }

    @Test func `tells the command that sends an item`() {
        #expect(DryRun.command("t.a", [], [:]) == "celery apply t.a")
        #expect(DryRun.command("t.a", ["it's", 1], ["k": [true]]) == #"celery apply t.a --args '["it'\''s",1]' --kwargs '{"k":[true]}'"#)
    }

    @Test func `says why an item failed, with what its program wrote, and without secret values`() throws {
        let item = try items("token=hush")[0]
        var result = TaskResult(id: TaskID("i"), state: .failure, failure: TaskFailure(type: "ValueError", arguments: ["bad"], module: "builtins"))
        (result.errorOutput, result.standardOutput) = ("why", "what\nelse\n")
        var printer = ItemPrinter(format: .text, task: "t")
        #expect(String(decoding: printer.print(item, result).errors, as: UTF8.self)
            == "why\nwhat\nelse\ncelery dmap: item 1 ('token=***'): ValueError: bad\n")
        printer.redaction = Redaction(leavesOutArguments: true)
        result.standardOutput = nil
        #expect(String(decoding: printer.print(item, result).errors, as: UTF8.self) == "why\ncelery dmap: item 1: ValueError: bad\n")
    }
}
