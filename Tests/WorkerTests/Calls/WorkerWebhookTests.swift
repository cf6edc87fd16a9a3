import CeleryCore
import Fixtures
import Tasks
import Testing

@testable import Worker

extension WorkerTests {
    /// Servers that are told of the end of tasks.
    @Suite struct Webhooks {
        typealias Server = ScriptedHTTPServer

        private func prepare(_ bench: inout Bench, _ server: Server, keys: HTTPKeys = HTTPKeys()) throws -> HTTPHosts {
            let hosts = try HTTPHosts(["127.0.0.1:\(server.port)", "127.0.0.1"])
            var settings = Settings(projectFolder: bench.folder.path)
            settings.httpHosts = hosts
            for definition in HTTPTask.definitions(settings, keys: keys) { try bench.registry.register(definition) }
            try bench.addProgram("fine", "echo 42")
            try bench.addProgram("broken", TaskOptions(maxRetries: 0), "exit 3")
            return hosts
        }

        private func send(_ bench: Bench, _ task: String, to url: String, _ change: (inout Message) -> Void = { _ in }) async throws -> TaskID {
            var message = bench.message(task)
            message.headers = ["callback_url": .string(url)]
            change(&message)
            try await bench.broker.publish([message])
            return message.id
        }

        @Test(arguments: Backing.allCases)
        func `a server is told of success and failure, with one key and signed`(_ backing: Backing) async throws {
            let server = try Server { _, _ in .answer(204) }
            var bench = try Bench(backing)
            let hosts = try prepare(&bench, server, keys: HTTPKeys(keys: ["127.0.0.1": Array("secret".utf8)]))
            let worker = try await bench.start { $0.webhooks.hosts = hosts }
            let fine = try await send(bench, "fine", to: "\(server.url)/done?a=1") { $0.ignoreResult = true }
            let broken = try await send(bench, "broken", to: "\(server.url)/done")
            #expect(try await eventually { server.requests.count == 2 })
            for request in server.requests {
                let body = try JSON(parsing: request.body)
                let id = try #require(body["id"]?.stringValue)
                #expect(request.method == "POST" && request.headers["idempotency-key"] == "\(id).callback")
                let parts = try #require(request.headers["celery-signature"]).split(separator: ",").map { $0.drop { $0 != "=" }.dropFirst() }
                try #require(parts.count > 1)
                let code = HTTPSignature.code(
                    lines: [String(parts[0]), "POST", "127.0.0.1:\(server.port)", request.target, "\(id).callback", "1"], body: request.body,
                    key: Array("secret".utf8))
                #expect(String(parts[1]) == code)
                if id == fine.text {
                    #expect(request.target == "/done?a=1" && body["state"] == "SUCCESS" && body["result"] == 42 && body["error"] == .null)
                } else {
                    #expect(id == broken.text && body["state"] == "FAILURE" && body["error"]?["type"] == "CalledProcessError")
                }
            }
            // Nothing is stored of the calls.
            #expect(try await bench.record(of: TaskID("\(fine.text).callback")) == nil)
            try await worker.stop()
        }

        @Test func `a server in trouble is called again, and one that refuses is not`() async throws {
            let server = try Server { request, number in
                request.target == "/no" ? .answer(404, [], "no") : number == 1 ? .answer(503, ["Retry-After: 0"]) : .answer(200, [], "not JSON")
            }
            var bench = try Bench()
            let hosts = try prepare(&bench, server)
            let worker = try await bench.start { $0.webhooks.hosts = hosts }
            let id = try await send(bench, "fine", to: "\(server.url)/yes")
            #expect(try await eventually { server.requests.count == 2 })
            #expect(server.requests.map { $0.headers["idempotency-key"] } == ["\(id).callback", "\(id).callback"])
            #expect(try await bench.result(of: TaskID("\(id.text).callback")).state == .success)
            let refused = try await send(bench, "fine", to: "\(server.url)/no")
            let result = try await bench.result(of: TaskID("\(refused.text).callback"))
            #expect(result.state == .failure && result.failure?.type == "HTTPError" && server.requests.count == 3)
            try await worker.stop()
        }

        @Test func `hosts that are not listed are not called, and the task runs all the same`() async throws {
            let server = try Server { _, _ in .answer(200) }
            var bench = try Bench()
            _ = try prepare(&bench, server)
            let worker = try await bench.start()
            let id = try await send(bench, "fine", to: "\(server.url)/")
            #expect(try await bench.result(of: id).value == 42)
            let local = try await send(bench, "fine", to: "http+unix://%2Frun%2Fa.sock/")
            #expect(try await bench.result(of: local).value == 42)
            #expect(server.connections == 0)
            try await worker.stop()
        }

        @Test func `a task that is expired or refused is told as well, and its calls go to a queue of their own`() {
            var rule = WebhookRule()
            rule.hosts = try! HTTPHosts(["a"])
            rule.queue = "hooks"
            var message = Message(task: "t", body: MessageBody(bytes: []))
            message.headers = ["callback_url": "https://a/b"]
            var result = TaskResult(id: message.id, state: .revoked, failure: .revoked("expired"))
            let call = rule.message(after: message, result)
            #expect(call?.route.queue == "hooks" && call?.task == "celery.webhook" && call?.parentID == message.id && call?.ignoreResult == true)
            result.state = .retry
            #expect(rule.message(after: message, result) == nil)
            // A call is not told of.
            message.task = "celery.webhook"
            result.state = .failure
            #expect(rule.message(after: message, result) == nil)
        }
    }
}
