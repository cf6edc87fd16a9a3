import Arguments
import CeleryCore
import Client
import Tasks
import Testing
import Wire

@testable import Commands

@Suite struct BatchLinesTests {
    private func lines(_ defaults: SendOptions = SendOptions(), known: [String: TaskOptions] = [:]) -> BatchLines {
        let factory = MessageFactory(settings: Settings(projectFolder: "/p"), environment: [:])
        return BatchLines(defaults: defaults, known: known, factory: factory)
    }

    private func message(_ text: String, _ defaults: SendOptions = SendOptions()) throws -> Message? {
        var lines = lines(defaults)
        return try lines.message(from: Array(text.utf8))
    }

    private func complaint(_ text: String) -> String? {
        do {
            _ = try message(text)
            return nil
        } catch {
            return Report.describe(error).message
        }
    }

    @Test func `makes a message of an object`() throws {
        let message = try #require(try message("""
            {"task": "t", "args": [1, "x"], "kwargs": {"k": null}, "id": "me", "queue": "q", "priority": 7, "exchange": "e",
            "routing_key": "r", "eta": "2030-01-01T00:00:00Z", "expires": "2031-01-01T00:00:00Z", "time_limit": 30,
            "soft_time_limit": "20s", "max_retries": 2, "retry_delay": 1.5, "ignore_result": true, "headers": {"h": [1]}}
            """))
        #expect(message.task == "t")
        #expect(message.id == TaskID("me"))
        let arguments = try BodyCodec.decode(message.body)
        #expect(arguments.args == [1, "x"])
        #expect(arguments.kwargs["k"] == .null)
        #expect(message.route == Route(queue: "q", exchange: "e", routingKey: "r"))
        #expect(message.priority == 7)
        #expect(message.eta == Timestamp(seconds: 1_893_456_000))
        #expect(message.expires == Timestamp(seconds: 1_924_992_000))
        #expect(message.hardTimeLimit == 30)
        #expect(message.softTimeLimit == 20)
        #expect(message.ignoreResult == true)
        #expect(message.headers["max_retries"] == 2)
        #expect(message.headers["retry_delay"] == 1.5)
        #expect(message.headers["h"] == .array([1]))
    }

    @Test func `makes headers of what a line says of retries and memory`() throws {
        let message = try #require(try message("""
            {"task": "t", "autoretry": [7, "SIGTERM", "Shop.SoldOut"], "retry_backoff": true, "retry_backoff_max": "1m",
            "retry_jitter": false, "retry_until": "2030-01-01T00:00:00Z", "max_memory": "64m"}
            """))
        #expect(
            message.headers == [
                "autoretry": [7, "SIGTERM", "Shop.SoldOut"], "retry_backoff": 1, "retry_backoff_max": 60, "retry_jitter": false,
                "retry_until": "2030-01-01T00:00:00+00:00", "max_memory": .int(64 << 20),
            ])
        let later = try #require(try self.message(#"{"task": "t", "retry_until": "1h", "eta": "2030-01-01T00:00:00Z"}"#))
        #expect(later.headers["retry_until"] == "2030-01-01T01:00:00+00:00")
        #expect(complaint(#"{"task": "t", "autoretry": [999]}"#)?.hasPrefix("'autoretry': '999' names '999', with which no task can fail") == true)
        #expect(complaint(#"{"task": "t", "retry_jitter": 1}"#) == "'retry_jitter' must be true or false")
        #expect(complaint(#"{"task": "t", "max_memory": 0}"#) == "'max_memory': '0' is not an amount of memory")
    }

    @Test func `the manual of apply names every key of a line`() {
        let notes = ApplyCommand.command.spec.notes.joined(separator: " ")
        for key in BatchLines.keys { #expect(notes.contains("\(key),") || notes.contains("\(key)."), "\(key)") }
        #expect(BatchLines.keys.contains("concurrency_key"))
    }

    @Test func `passes over empty lines`() throws {
        for line in ["", " ", "\t", "\r"] { #expect(try message(line) == nil) }
    }

    @Test func `takes what the line does not say from the command line, and that before the task`() throws {
        var defaults = SendOptions()
        defaults.queue = "flag"
        #expect(try message("{\"task\":\"t\"}", defaults)?.route.queue == "flag")
        #expect(try message("{\"task\":\"t\",\"queue\":\"line\"}", defaults)?.route.queue == "line")
        var lines = lines(known: ["t": TaskOptions(queue: "task", priority: 3)])
        let known = try lines.message(from: Array("{\"task\":\"t\"}".utf8))
        #expect(known?.route.queue == "task")
        #expect(known?.priority == 3)
        #expect(lines.names == ["t"])
    }

    @Test(arguments: [
        ("nonsense", "not JSON: unexpected character at byte 0"), ("{", "not JSON: unexpected end at byte 1"), ("[]", "not a JSON object"),
        ("5", "not a JSON object"), ("{}", "'task' must be the name of a task"), ("{\"task\":\"\"}", "'task' must be the name of a task"),
        ("{\"task\":5}", "'task' must be the name of a task"), ("{\"task\":\"t\",\"args\":{}}", "'args' must be an array"),
        ("{\"task\":\"t\",\"kwargs\":[]}", "'kwargs' must be an object"), ("{\"task\":\"t\",\"queue\":\"\"}", "'queue' must be text"),
        ("{\"task\":\"t\",\"headers\":1}", "'headers' must be an object"), ("{\"task\":\"t\",\"id\":\"a b\"}", "'id': 'a b' is not a task id"),
        ("{\"task\":\"t\",\"ignore_result\":1}", "'ignore_result' must be true or false"),
        ("{\"task\":\"t\",\"priority\":256}", "'priority': '256' is more than 255"),
        ("{\"task\":\"t\",\"countdown\":\"x\"}", "'countdown': 'x' is not a duration"),
        ("{\"task\":\"t\",\"prio\":1}", "unknown key 'prio'; did you mean 'priority'?"),
        ("{\"task\":\"t\",\"xyzzy\":1}", "unknown key 'xyzzy'"),
        ("{\"task\":\"t\",\"ack\":1}", "'ack' is allowed in the option line of a task, not in a line of a batch"),
    ])
    func `says what is wrong`(_ line: String, _ expected: String) {
        #expect(complaint(line) == expected)
    }
}
