import CeleryCore
import Fixtures
@testable import Tasks
import Testing

@Suite struct TaskTellingTests {
    @Test(arguments: [
        (#"{"progress": {"current": 30, "total": 100, "text": "copying"}}"#, TaskTelling(progress: ["current": 30, "total": 100, "text": "copying"])),
        (#"{"meta": {"rows": 1}}"#, TaskTelling(meta: ["rows": 1])),
        (#"{"progress": {}, "meta": {}}"#, TaskTelling(progress: [:], meta: [:])),
        (#"{"retry": {}}"#, TaskTelling(verdict: .retry(delay: nil, reason: nil))),
        (#"{"retry": {"in": 0.5, "reason": "closed"}}"#, TaskTelling(verdict: .retry(delay: 0.5, reason: "closed"))),
        (#"{"fail": {"type": "SoldOut"}}"#, TaskTelling(verdict: .fail(type: "SoldOut", message: nil))),
        (#" {"fail": {"type": "shop.Sold_Out2", "message": "no more"}, "meta": {"a": null}} "#,
         TaskTelling(meta: ["a": nil], verdict: .fail(type: "shop.Sold_Out2", message: "no more"))),
    ])
    func `reads what a task says, and writes it so that it reads the same`(_ line: String, _ telling: TaskTelling) throws {
        #expect(try TaskTelling(parsing: line.utf8) == telling)
        #expect(try TaskTelling(parsing: telling.line) == telling)
    }

    @Test(arguments: [
        ("", "a line is not a JSON object"), ("30", "a line is not a JSON object"), ("{", "a line is not a JSON object"),
        ("{}", "a line says nothing"), (#"{"progres": {}}"#, "nothing is called 'progres'; there are progress, meta, retry and fail"),
        (#"{"progress": 30}"#, "progress is not an object"), (#"{"meta": []}"#, "meta is not an object"),
        (#"{"retry": {"in": "5m"}}"#, "the delay of a retry is not a number of seconds"),
        (#"{"retry": {"in": -1}}"#, "the delay of a retry is not a number of seconds"),
        (#"{"retry": {"reason": 5}}"#, "reason is not a text"),
        (#"{"fail": {}}"#, "the type of a failure is a name of letters, digits, _ and dots"),
        (#"{"fail": {"type": "no more"}}"#, "the type of a failure is a name of letters, digits, _ and dots"),
        (#"{"fail": {"type": "a..b"}}"#, "the type of a failure is a name of letters, digits, _ and dots"),
        (#"{"fail": {"type": "E"}, "retry": {}}"#, "a task cannot both fail and be retried"),
    ])
    func `says what is wrong with a line`(_ line: String, _ complaint: String) {
        #expect(throws: InvalidTelling(complaint)) { try TaskTelling(parsing: line.utf8) }
    }

    @Test func `a program's error has the type it names, and Python's own keep their module`() {
        func failure(_ type: String, _ message: String? = nil) -> TaskFailure { .declared(type: type, message: message) }
        #expect(failure("SoldOut", "no more") == TaskFailure(type: "SoldOut", arguments: ["no more"], module: "celery.programs"))
        #expect(failure("shop.items.SoldOut") == TaskFailure(type: "SoldOut", module: "shop.items"))
        #expect(failure("ValueError", "x") == TaskFailure(type: "ValueError", arguments: ["x"], module: "builtins"))
        // A program cannot pretend that its message was unreadable, or its worker lost.
        #expect(!failure("celery.exceptions.InvalidTaskError").isOfMessage)
        #expect(!failure("billiard.exceptions.WorkerLostError").isLoss)
        #expect(RetryCause.error("SoldOut").matches(failure("SoldOut")))
        #expect(RetryCause.error("shop.SoldOut").matches(failure("shop.SoldOut")))
    }
}

@Suite struct TaskChannelTests {
    @Test func `lines come in any pieces, and the last needs no line feed`() {
        let text = #"{"progress": {"current": 1}}"# + "\n\n" + #"{"meta": {"a": 1}}"# + "\n" + #"{"progress": {"current": 2}}"#
        for length in [1, 3, 7, 1_000] {
            var channel = TaskChannel()
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: length) { channel.take(bytes[start..<min(start + length, bytes.count)]) }
            channel.finish()
            #expect(channel.takeNews() == ["current": 2, "a": 1])
            #expect(channel.story.meta == ["a": 1])
            #expect(channel.complaints == [])
        }
    }

    @Test func `takes a line of 64 KiB, and no longer one`() throws {
        func line(_ length: Int) -> [UInt8] {
            let frame = #"{"meta":{"a":""}}"#.utf8.count
            return TaskTelling(meta: ["a": .string(String(repeating: "x", count: length - frame))]).line
        }
        var channel = TaskChannel()
        #expect(line(65_536).count == 65_536)
        channel.take(line(65_536) + [10])
        #expect(channel.story.meta["a"]?.stringValue?.utf8.count == 65_536 - 17)
        channel.take(line(65_537) + [10])
        #expect(channel.complaints == ["a line is longer than 65536 bytes"])
        // What follows is read again.
        channel.take(Array(#"{"meta":{"b":1}}"#.utf8) + [10])
        #expect(channel.story.meta["b"] == 1)
        // An endless line takes no memory.
        for _ in 0..<100 { channel.take(repeatElement(0x78, count: 1 << 16)) }
        channel.finish()
        #expect(channel.complaints.count == 2)
    }

    @Test func `complains a few times only`() {
        var channel = TaskChannel()
        for _ in 0..<1_000 { channel.take(Array("no\n".utf8)) }
        #expect(channel.complaints == Array(repeating: "a line is not a JSON object", count: 3))
    }

    @Test func `the last of retry and failure counts`() {
        var channel = TaskChannel()
        channel.take(Array((#"{"fail": {"type": "E"}}"# + "\n").utf8))
        channel.take(Array((#"{"retry": {"in": 5}}"# + "\n").utf8))
        #expect(channel.story.verdict == .retry(delay: 5, reason: nil))
    }

    @Test func `any bytes are read without harm`() {
        var generator = SeededGenerator(seed: 5)
        let parts = [#"{"progress":{"current":"#, "1", "}}", "\n", #"{"fail":"#, #"{"type":"E"}"#, "}", "\u{0}", "\"", "ü"].map { Array($0.utf8) }
        for _ in 0..<2_000 {
            var channel = TaskChannel()
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                var part = parts.randomElement(using: &generator)!
                if Bool.random(using: &generator) { part[0] = UInt8.random(in: 0...255, using: &generator) }
                channel.take(part)
            }
            channel.finish()
            #expect(channel.complaints.count <= 3)
        }
    }
}

@Suite struct TaskStoryTests {
    @Test func `passes on the newest, four times a second at most`() {
        var story = TaskStory()
        let start = ContinuousClock.now
        #expect(story.report(at: start) == nil)
        #expect(story.nextReport == nil)
        var reports: [(at: Int, current: JSON?)] = []
        // A thousand times in a second.
        for millisecond in 0..<1_000 {
            story.add(TaskTelling(progress: ["current": .int(Int64(millisecond))]))
            if let news = story.report(at: start + .milliseconds(millisecond)) { reports.append((millisecond, news["current"])) }
        }
        #expect(reports.map(\.at) == [0, 250, 500, 750])
        #expect(reports.map(\.current) == [0, 250, 500, 750])
        #expect(story.nextReport == start + .milliseconds(1_000))
        #expect(story.report(at: start + .milliseconds(1_000)) == ["current": 999])
        #expect(story.nextReport == nil)
    }

    @Test func `notes are told with the progress, which replaces the earlier one`() {
        var story = TaskStory()
        story.add(TaskTelling(progress: ["current": 1, "text": "a"], meta: ["rows": 5]))
        story.add(TaskTelling(progress: ["current": 2]))
        story.add(TaskTelling(meta: ["rows": 6, "current": 9]))
        #expect(story.report() == ["current": 2, "rows": 6])
        #expect(story.meta == ["rows": 6, "current": 9])
    }
}

@Suite struct TaskProgressTests {
    @Test(arguments: [
        (["current": 30, "total": 100, "text": "copying"], "30% 30/100 copying"), (["current": 1, "total": 3], "33% 1/3"),
        (["current": 7], "7"), (["text": "busy"], "busy"), (["current": 5, "total": 4], "100% 5/4"), (["current": 5, "total": 0], "5/0"),
        (["step": 3], "{step: 3}"), (["current": 0.5, "total": 2, "other": true], "25% 0.5/2"),
    ] as [(JSONObject, String)])
    func `is told in a line`(_ info: JSONObject, _ line: String) { #expect(TaskProgress(info: info).line == line) }

    @Test func `is read from results of running tasks alone`() {
        let result = TaskResult(id: TaskID("a"), state: .custom("PROGRESS"), value: ["current": 1])
        #expect(TaskProgress(result) == TaskProgress(info: ["current": 1]))
        #expect(TaskProgress(TaskResult(id: TaskID("a"), state: .success, value: ["current": 1])) == nil)
        #expect(TaskProgress(TaskResult(id: TaskID("a"), state: .custom("BUSY"), value: "x")) == nil)
    }
}
