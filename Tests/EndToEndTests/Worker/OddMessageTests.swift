import CeleryCore
import Fixtures
import Testing

/// What anybody may put into a queue: the worker lives, says of each why it was not run, and runs what is good.
@Suite(.blocking)
struct OddMessageTests {
    /// One message, and what the log says of it.
    private struct Odd {
        var properties: String
        var body: [UInt8]
        var reason: String
    }

    private static let json = #""content_type": "application/json", "content_encoding": "utf-8""#
    private static let good = Array("[[2, 3], {}, {}]".utf8)

    private static func odd(_ headers: String, body: String = "[[2, 3], {}, {}]", _ reason: String) -> Odd {
        Odd(properties: "{\(json), \"headers\": {\(headers)}}", body: Array(body.utf8), reason: reason)
    }

    private static func task(_ id: String, _ more: String, body: String = "[[2, 3], {}, {}]", _ reason: String) -> Odd {
        odd(#""task": "demo.tasks.add", "id": "\#(id)"\#(more.isEmpty ? "" : ", " + more)"#, body: body, reason)
    }

    /// Never run: kept as they came.
    private static let unreadable: [Odd] = [
        Odd(properties: "{}", body: Array("hello".utf8), reason: "no content type; only application/json is accepted"),
        Odd(properties: "{}", body: [], reason: "no content type; only application/json is accepted"),
        Odd(
            properties: #"{"headers": {"task": "demo.tasks.add", "id": "bare"}}"#, body: good,
            reason: "(bare) of queue celery: no content type"),
        Odd(
            properties: #"{"content_type": "text/plain", "headers": {"task": "demo.tasks.add", "id": "plain"}}"#, body: good,
            reason: "(plain) of queue celery: content type 'text/plain' is not application/json"),
        Odd(
            properties: #"{"content_type": "x\n[fake] \u001b[31m", "headers": {"task": "demo.tasks.add", "id": "escape"}}"#, body: good,
            reason: #"(escape) of queue celery: content type 'x\u{a}[fake] \u{1b}[31m' is not application/json"#),
        odd("", "neither a header nor the body names a task"),
        odd(#""task": "demo.tasks.add""#, "(without an id) of queue celery: a message for demo.tasks.add has no id"),
        odd(#""task": "demo.tasks.add", "id": """#, "(without an id) of queue celery: a message for demo.tasks.add has no id"),
        odd(#""task": "demo.tasks.add", "id": {"a": 1}"#, "invalid id value: {'a': 1}"),
        odd(#""task": "", "id": "t1""#, "(t1) of queue celery: the task header is not a name"),
        odd(#""task": ["a"], "id": "t2""#, "(t2) of queue celery: the task header is not a name"),
        task("c1", #""compression": "application/x-brotli""#, "compression 'application/x-brotli' is not supported"),
        task("c2", #""compression": 7"#, "the compression header is not a text"),
        task("o1", "", body: #"{"a": 1}"#, "(o1) of queue celery: the body is not an array of args, kwargs and embed"),
        task("e1", #""eta": "garbage""#, "invalid eta value: 'garbage'"), task("e2", #""eta": 12345"#, "invalid eta value: 12345"),
        task("e3", #""expires": "never""#, "invalid expires value: 'never'"), task("r1", #""retries": "many""#, "invalid retries value: 'many'"),
        task("r2", #""retries": 9223372036854775807"#, "invalid retries value: 9223372036854775807"),
        task("r3", #""retries": -5"#, "invalid retries value: -5"), task("l1", #""timelimit": "soon""#, "invalid timelimit value: 'soon'"),
        task("l2", #""timelimit": [1, 2, 3]"#, "invalid timelimit value: [1, 2, 3]"),
        task("i1", #""ignore_result": "x""#, "invalid ignore_result value: 'x'"),
        task(#"x\n[fake] line\u001b[31m"#, #""retries": []"#, #"(x\u{a}[fake] line\u{1b}[31m) of queue celery: invalid retries value"#),
    ]

    /// Accepted, with a failure for its result.
    private static let failed: [Odd] = [
        task("f1", "", body: "not json", "[f1] raised exception: InvalidTaskError: malformed(the body is not json"),
        task("f2", #""compression": "application/x-gzip""#, "[f2] raised exception: InvalidTaskError: malformed(the zlib data of the body is damaged)"),
        task("f3", "", body: "[[1], {}]", "[f3] raised exception: InvalidTaskError: malformed(the body is not an array of args, kwargs and embed)"),
        task("f4", "", body: String(repeating: "[", count: 100_000), "[f4] raised exception: InvalidTaskError: malformed(the body is not json: nested"),
        task("f5", "", body: #"[{"a": 1}, {}, {}]"#, "[f5] raised exception: InvalidTaskError: task args must be a list"),
        task("f6", "", body: "[[1], [2], {}]", "[f6] raised exception: InvalidTaskError: task keyword arguments must be a mapping"),
        task("f7", "", body: #"[[1], {}, {"callbacks": 7, "chain": {}}]"#, "[f7] raised exception: InvalidTaskError: "),
        task("f8", #""celery_attempt": 9223372036854775807"#, "[f8] not run: the process running it was lost"),
        odd(#""task": "no.such.task", "id": "f9""#, "no.such.task[f9] not run: no task of this name is registered here"),
    ]

    /// Odd, and run all the same.
    private static let run: [Odd] = [
        task("g1", #""timelimit": [1e300, 1e300]"#, "[g1] processed: 5"), task("g2", #""celery_attempt": -7"#, "[g2] processed: 5"),
        task("g3", #""group": 5, "root_id": 7, "stamps": 3, "argsrepr": 4, "lang": 3"#, "[g3] processed: 5"),
        task("g4", #""deep": \#(String(repeating: "[", count: 40))1\#(String(repeating: "]", count: 40))"#, "[g4] processed: 5"),
        Odd(
            properties: #"{\#(json), "priority": 255, "reply_to": "\#(String(repeating: "x", count: 250))", "headers": {"task": "demo.tasks.add", "id": "g5"}}"#,
            body: good, reason: "[g5] processed: 5"),
        task("g6", #""eta": "0001-01-01T00:00:00""#, "[g6] processed: 5"),
        task("g7", #""id": 77"#, "[77] processed: 5"),
    ]

    @Test func `the worker outlives whatever is in the queue`() throws {
        let place = try RabbitMQPlace()
        try place.project.startWorker(with: place.variables())
        let worker = try place.project.workerID
        for odd in Self.unreadable + Self.failed + Self.run { try place.publish(odd.properties, odd.body) }
        let good = try place.run("celery apply demo.tasks.add 40 2 --wait --timeout 30")
        #expect(good == Ended("42\n"), "\(good)\n\(place.project.log)")
        #expect(try eventually { try place.depth() == 0 }, "left in the queue")
        let log = place.project.log
        for odd in Self.unreadable + Self.failed + Self.run { #expect(log.contains(odd.reason), "\(odd.reason)") }
        #expect(log.split(separator: "\n").count { $0.contains("unreadable message (") } == Self.unreadable.count)
        #expect(try place.project.workerID == worker)
        #expect(!log.contains("\u{1b}[31m"))
        let states = try place.run("celery status f1 f2 f3 f4 f5 f6 f7 f8 f9")
        #expect(states.lines.map { $0.split(separator: "\t").last } == Array(repeating: "FAILURE", count: 9), "\(states)")
        // Whoever waits for one that had an id waits no longer.
        let told = try place.run("celery status bare plain t1 t2 c1 c2 o1 e1 e2 e3 r1 r2 r3 l1 l2 i1")
        #expect(told.lines.map { $0.split(separator: "\t").last } == Array(repeating: "FAILURE", count: 16), "\(told)")
        let letters = try place.run("celery dead list --reason unreadable --json").lines.map { try JSON(parsing: $0) }
        // f1 to f7 are unreadable to the child.
        #expect(letters.count == Self.unreadable.count + 7)
        let bodies = try place.run("celery dead show plain e1 --json").lines.map { try JSON(parsing: $0) }
        try #require(bodies.map { $0["body"]?.stringValue } == ["W1syLCAzXSwge30sIHt9XQ==", "W1syLCAzXSwge30sIHt9XQ=="])
        #expect(bodies[0]["properties"]?["content_type"]?.stringValue == "text/plain")
        #expect(bodies[1]["headers"]?["eta"]?.stringValue == "garbage")
        #expect(try place.run("celery dead list f9").output.contains("\tunregistered\t"))
        #expect(try place.run("celery dead list --reason lost").lines.map { $0.split(separator: "\t").first } == ["f8"])
        try place.project.stopWorker()
    }

    @Test func `a body of twenty megabytes comes through`() throws {
        let place = try RabbitMQPlace()
        let id = try place.run(#"(printf '{"task": "demo.tasks.shout", "args": ["'; head -c 20000000 /dev/zero | tr '\0' x; printf '"]}') | celery apply --batch -"#).text
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        // A burst waits for what is on its way; of what a program prints, only so much is kept.
        let status = try place.run("celery status \(id)").output
        #expect(status == "\(id)\tSUCCESS\n" || status == "\(id)\tFAILURE\n", "\(status)")
        #expect(try place.depth() == 0)
    }
}
