import CeleryCore
import Fixtures
import Processes
import Synchronization
import Tasks
import Testing
@testable import Worker

extension WorkerTests {
    /// HTTP tasks of a worker with one child, at a server that does as the test says.
    @Suite struct Calling {
        typealias Server = ScriptedHTTPServer

        @Test(arguments: Backing.allCases)
        func `the answer of a server is the result of the task`(_ backing: Backing) async throws {
            let server = try Server { request, _ in .json(#"{"status": "success", "retval": {"width": 400}}"#) }
            var bench = try Bench(backing)
            try bench.addCall(server)
            let worker = try await bench.start()
            let id = try await bench.send("call", 1, kwargs: ["w": "x"])
            let result = try await bench.result(of: id)
            #expect(result.state == .success && result.value == ["width": 400] && result.attempt == 1)
            let request = try #require(server.requests.first)
            #expect((request.method, request.target) == ("POST", "/call"))
            #expect(request.headers["celery-task-id"] == id.text && request.headers["celery-attempt"] == "1")
            let body = try JSON(parsing: request.body)
            #expect(body["args"] == [1] && body["kwargs"] == ["w": "x"] && body["id"] == .string(id.text))
            #expect(body["reply_to"] == nil && body["headers"] == nil)
            try await worker.stop()
        }

        @Test func `many calls are under way at once beside one child, which others use meanwhile`() async throws {
            let together = 60
            let arrived = Mutex(0)
            let server = try Server { _, _ in
                arrived.withLock { $0 += 1 }
                _ = eventually { arrived.withLock { $0 >= together } }
                return .json("1")
            }
            var bench = try Bench(.sqlite)
            try bench.addCall(server)
            try bench.addExample("add")
            let worker = try await bench.start()
            let example = bench
            let messages = (0..<together - 1).map { _ in example.message("call") }
            try await bench.broker.publish(messages)
            #expect(try await eventually { server.requests.count == together - 1 })
            #expect(try await bench.result(of: try await bench.send("example.add", 1, 2)).value == 3)
            let last = try await bench.send("call")
            for id in messages.map(\.id) + [last] { #expect(try await bench.result(of: id).value == 1) }
            #expect(worker.children.count == 1)
            try await worker.stop()
        }

        @Test func `calls beyond the limit wait for others to end`() async throws {
            let atOnce = Mutex((now: 0, most: 0))
            let server = try Server { _, _ in
                atOnce.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                // Not known before the answer: so it is counted out before it goes.
                Syscall.pause(.milliseconds(20))
                atOnce.withLock { $0.now -= 1 }
                return .json("1")
            }
            var bench = try Bench()
            try bench.addCall(server)
            let example = bench
            let messages = (0..<12).map { _ in example.message("call") }
            try await bench.broker.publish(messages)
            let worker = try await bench.start(children: 4) { $0.calls.limit = 3 }
            for message in messages { #expect(try await bench.result(of: message.id).state == .success) }
            #expect(atOnce.withLock { $0.most } <= 3)
            try await worker.stop()
        }

        // MARK: Trying again

        @Test func `a server that asks for another try gets one, then`() async throws {
            let server = try Server { _, number in number == 1 ? .answer(503, ["Retry-After: 0"], "busy") : .json("7") }
            var bench = try Bench()
            // Else it would be an hour.
            try bench.addCall(server, TaskOptions(retryDelay: .seconds(3_600)))
            let worker = try await bench.start()
            let id = try await bench.send("call")
            let result = try await bench.result(of: id)
            #expect(result.value == 7 && result.retries == 1)
            #expect(server.requests.map { $0.headers["celery-attempt"] } == ["1", "2"])
            #expect(server.requests.map { $0.headers["idempotency-key"] } == [id.text, id.text])
            try await worker.stop()
        }

        @Test(arguments: [
            .answer(500, [], "boom"), .cut("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), .cut("HTTP/1.1 200 OK\r\nContent-Le"), .cut("no HTTP\r\n\r\n"),
        ] as [Server.Reply])
        func `trouble is tried again as the options say, and at last it is the failure`(_ reply: Server.Reply) async throws {
            let server = try Server { _, _ in reply }
            var bench = try Bench()
            try bench.addCall(server, TaskOptions(maxRetries: 2, retryDelay: .zero))
            let worker = try await bench.start()
            let result = try await bench.result(of: try await bench.send("call"))
            #expect(result.state == .failure && result.retries == 2)
            #expect(["HTTPError", "ConnectionError", "InvalidResponseError"].contains(result.failure?.type))
            #expect(server.requests.count == 3)
            try await worker.stop()
        }

        @Test(arguments: [
            (.answer(404, [], "no such image"), "HTTPError"), (.answer(302, ["Location: http://169.254.169.254/"]), "InvalidResponseError"),
            (.answer(200, ["Content-Type: application/json"], "{\"a\": "), "InvalidResponseError"),
            (.json(#"{"status": "failure", "reason": "no"}"#), "RemoteExecuteError"),
            (.json("\"" + String(repeating: "x", count: 5_000) + "\""), "OutputTooLarge"),
        ] as [(Server.Reply, String)])
        func `what would be the same again fails at once`(_ reply: Server.Reply, type: String) async throws {
            let server = try Server { _, _ in reply }
            var bench = try Bench()
            try bench.addCall(server, TaskOptions(retryDelay: .zero, maxOutputBytes: 4_096))
            let worker = try await bench.start()
            let result = try await bench.result(of: try await bench.send("call"))
            #expect(result.state == .failure && result.failure?.type == type)
            #expect(server.requests.count == 1)
            try await worker.stop()
        }

        @Test func `a task may ask for tries that its server does not`() async throws {
            let server = try Server { _, number in number == 1 ? .answer(404) : .json("1") }
            var bench = try Bench()
            try bench.addCall(server, TaskOptions(retryDelay: .zero, autoretryFor: ["HTTPError"]))
            let worker = try await bench.start()
            #expect(try await bench.result(of: try await bench.send("call")).value == 1)
            try await worker.stop()
        }

        // MARK: Accepted calls

        @Test func `what a server accepts is asked for until it is done, over its hiccups`() async throws {
            let server = try Server { request, number in
                switch number {
                case 1: .answer(202, ["Location: /jobs/1", "Retry-After: 0"])
                case 2: .answer(202, ["Location: /jobs/2", "Retry-After: 0"])
                case 3: .answer(503, ["Retry-After: 0"])
                case 4: .cut("")
                default: .json("\"\(request.target)\"")
                }
            }
            var bench = try Bench()
            try bench.addCall(server)
            let worker = try await bench.start()
            let id = try await bench.send("call")
            let result = try await bench.result(of: id)
            #expect(result.value == "/jobs/2" && result.retries == 0)
            let asked = server.requests.map { "\($0.method) \($0.target)" }
            #expect(asked.prefix(3) == ["POST /call", "GET /jobs/1", "GET /jobs/2"] && Set(asked[3...]) == ["GET /jobs/2"])
            #expect(server.requests.allSatisfy { $0.headers["celery-task-id"] == id.text })
            try await worker.stop()
        }

        @Test func `a location at another server is not asked`() async throws {
            let other = try Server { _, _ in .json("1") }
            let location = "Location: \(other.url)/jobs/1"
            let server = try Server { _, _ in .answer(202, [location]) }
            var bench = try Bench()
            try bench.addCall(server)
            let worker = try await bench.start()
            #expect(try await bench.result(of: try await bench.send("call")).failure?.type == "InvalidResponseError")
            #expect(other.requests.isEmpty)
            try await worker.stop()
        }

        // MARK: URLs of messages

        @Test func `a message names a URL of a listed host`() async throws {
            let server = try Server { request, _ in .json(#"{"status": "success", "retval": "\#(request.target)"}"#) }
            var bench = try Bench()
            let task = HTTPTask(.dispatched(.http, try HTTPHosts(["127.0.0.1:\(server.port)", "127.0.0.1"])))
            try bench.registry.register(TaskDefinition(name: "celery.http_dispatch", options: TaskOptions(), kind: .http(task), source: ""))
            let worker = try await bench.start()
            let id = try await bench.send("celery.http_dispatch", .string("\(server.url)/x?a=1"), kwargs: ["b": 2])
            #expect(try await bench.result(of: id).value == "/x?a=1&b=2")
            // A name that resolves to this machine is no leave to go there.
            let local = try await bench.send("celery.http_dispatch", .string("http://localhost:\(server.port)/"))
            #expect(try await bench.result(of: local).failure?.type == "PermissionError")
            #expect(server.requests.count == 1)
            try await worker.stop()
        }

        @Test func `a listed name whose address is inside is not connected to`() async throws {
            let server = try Server { _, _ in .json("1") }
            var bench = try Bench()
            // A name for 127.0.0.1 that is not localhost, as a hostile DNS server would give any.
            let task = HTTPTask(.dispatched(.http, try HTTPHosts(["ip6-localhost", "localhost.localdomain", "0x7f000001"])))
            try bench.registry.register(TaskDefinition(name: "celery.http_dispatch", options: TaskOptions(), kind: .http(task), source: ""))
            let worker = try await bench.start()
            let id = try await bench.send("celery.http_dispatch", .string("http://0x7f000001:\(server.port)/"))
            let failure = try #require(try await bench.result(of: id).failure)
            #expect(failure.type == "PermissionError" && failure.message.contains("not public"))
            #expect(server.connections == 0)
            try await worker.stop()
        }

        @Test func `without listed hosts the tasks of the original are refused, and the refusal names the setting`() async throws {
            var bench = try Bench()
            try bench.addExample("add")
            let worker = try await bench.start()
            let result = try await bench.result(of: try await bench.send("celery.task.http.HttpDispatchTask", "http://a/"))
            #expect(result.failure?.type == "PermissionError" && result.failure?.message.contains("CELERY_HTTP_HOSTS") == true)
            try await worker.stop()
        }
    }
}

extension Bench {
    /// Adds a task `call` at a server's `/call`.
    mutating func addCall(_ server: ScriptedHTTPServer, _ options: TaskOptions = TaskOptions()) throws {
        let section = HTTPTaskSection(name: "call", place: "", address: try HTTPAddress("\(server.url)/call"))
        try registry.register(
            TaskDefinition(name: "call", options: options, kind: .http(HTTPTask(.configured(section))), source: section.address.shown))
    }
}
