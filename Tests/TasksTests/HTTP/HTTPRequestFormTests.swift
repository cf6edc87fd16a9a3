import CeleryCore
import HTTP
import Testing
@testable import Tasks

/// The requests of HTTP tasks, as values.
@Suite struct HTTPRequestFormTests {
    private let now = Timestamp(seconds: 1_763_800_000)

    private func call(_ args: [JSON] = [], _ kwargs: JSONObject = [:], id: String = "7f3a") -> HTTPCall {
        HTTPCall(
            taskID: TaskID(id), task: "shop.resize", rootID: TaskID("root"), attempt: 2, arguments: TaskArguments(args: args, kwargs: kwargs),
            body: ["args": .array(args), "kwargs": .object(kwargs)])
    }

    private func configured(_ url: String, _ call: HTTPCall, keys: HTTPKeys = HTTPKeys(), _ change: (inout HTTPTaskSection) -> Void = { _ in }) throws -> HTTPStep {
        var section = HTTPTaskSection(name: "shop.resize", place: "", address: try HTTPAddress(url))
        change(&section)
        return try HTTPTask(.configured(section), keys: keys).request(call, now: now)
    }

    private func dispatched(
        _ args: [JSON], _ kwargs: JSONObject = [:], by task: DispatchTask = .http, hosts: [String] = ["a"], keys: HTTPKeys = HTTPKeys()
    ) throws -> HTTPStep {
        try HTTPTask(.dispatched(task, HTTPHosts(hosts)), keys: keys).request(call(args, kwargs), now: now)
    }

    private func header(_ step: HTTPStep, _ name: String) -> String? { step.request.headers.first { $0.name == name }?.value }

    // MARK: Tasks of the settings

    @Test func `a task of the settings sends JSON, and says which attempt of which task it is`() throws {
        var call = call([1, "x"], ["w": 2.5])
        call.deadline = now + .seconds(60)
        call.trace = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=1")
        call.agent = "celery/9"
        let step = try configured("https://a/b?c=d", call) {
            $0.headers = [.init(name: "X-Team", value: "shop")]
            $0.timeout = 7
        }
        #expect((step.request.method, step.request.url) == ("POST", "https://a/b?c=d"))
        #expect(step.request.body.map { String(decoding: $0, as: UTF8.self) } == #"{"args":[1,"x"],"kwargs":{"w":2.5}}"#)
        #expect(header(step, "Content-Type") == "application/json")
        #expect(header(step, "Celery-Task") == "shop.resize")
        #expect(header(step, "Celery-Task-Id") == "7f3a")
        #expect(header(step, "Celery-Root-Id") == "root")
        #expect(header(step, "Celery-Attempt") == "2")
        #expect(header(step, "Idempotency-Key") == "7f3a")
        #expect(header(step, "Celery-Deadline") == "2025-11-22T08:27:40+00:00")
        #expect(header(step, "traceparent") == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" && header(step, "tracestate") == "a=1")
        #expect(header(step, "X-Team") == "shop")
        #expect(header(step, "User-Agent") == "celery/9")
        #expect(header(step, "Celery-Signature") == nil)
        #expect(step.request.timeout == .seconds(7))
        #expect(step.request.ignoresProxies && step.request.keepsHeaders && step.request.permitsAddress == nil)
    }

    @Test(arguments: ["GET", "DELETE"])
    func `without a body, keyword arguments go into the query`(method: String) throws {
        let step = try configured("https://a/b?w=1&x=1", call([], ["w": "ä b", "n": nil, "t": true])) { $0.method = HTTPMethod(rawValue: method)! }
        #expect(step.request.method == method && step.request.body == nil && header(step, "Content-Type") == nil)
        #expect(step.request.url == "https://a/b?x=1&w=%C3%A4+b&n=None&t=True")
        #expect(throws: HTTPRefusal.self) {
            try configured("https://a/", call([1])) { $0.method = .get }
        }
    }

    @Test func `nobody smuggles a line into the head of a request`() throws {
        let step = try configured("https://a/", call(id: "x\r\nX-Evil: 1\u{E9}%"))
        #expect(header(step, "Celery-Task-Id") == "x%0D%0AX-Evil:%201%C3%A9%25")
        for header in step.request.headers { #expect(header.value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }) }
    }

    @Test func `the socket is told apart from the URL`() throws {
        let step = try configured("http+unix://%2Frun%2Fa.sock/x", call())
        #expect((step.request.unixSocket, step.request.url) == ("/run/a.sock", "http://localhost/x"))
    }

    @Test func `a poll is a GET with the same headers and no body`() throws {
        let task = HTTPTask(.configured(HTTPTaskSection(name: "t", place: "", address: try HTTPAddress("https://a/b"))), keys: HTTPKeys(keys: ["a": [1]]))
        let step = task.poll(try HTTPAddress("https://a/jobs/1"), call(), now: now)
        #expect((step.request.method, step.request.url, step.request.body) == ("GET", "https://a/jobs/1", nil))
        #expect(header(step, "Celery-Task-Id") == "7f3a" && header(step, "Celery-Signature") != nil)
    }

    // MARK: Signatures

    @Test func `a key of the host signs the time, the request, the task and the body`() throws {
        let key = Array("0123456789abcdef0123456789abcdef".utf8)
        let step = try configured("https://a:8443/b?c=d", call([1]), keys: HTTPKeys(keys: ["a": key]))
        // printf '1763800000\nPOST\na:8443\n/b?c=d\n7f3a\n2\n{"args":[1],"kwargs":{}}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        let code = HTTPSignature.code(
            lines: ["1763800000", "POST", "a:8443", "/b?c=d", "7f3a", "2"], body: Array(#"{"args":[1],"kwargs":{}}"#.utf8), key: key)
        #expect(code == "4f15468d26a5b9246ba154a3bf1f7404e5bf04b5ae6d20039cc622c2af92c9cf")
        #expect(header(step, "Celery-Signature") == "t=1763800000,v1=\(code)")
        #expect(header(try configured("https://b/", call(), keys: HTTPKeys(keys: ["a": key])), "Celery-Signature") == nil)
        #expect(header(try dispatched(["http://a/"], keys: HTTPKeys(keys: ["a": key])), "Celery-Signature") != nil)
    }

    // MARK: URLs of messages

    @Test func `the tasks of the original send keyword arguments in the query, over those that are there`() throws {
        for (task, args) in [(.rest, ["http://a?x=1&y=2"]), (.dispatch, ["http://a?x=1&y=2"]), (.http, ["http://a?x=1&y=2", "get"])] as [(DispatchTask, [JSON])] {
            let step = try dispatched(args, ["y": 3, "name": "J\u{F6}rg & co"], by: task)
            #expect((step.request.method, step.request.body) == ("GET", nil))
            #expect(step.request.url == "http://a/?x=1&y=3&name=J%C3%B6rg+%26+co")
            #expect(header(step, "Content-Type") == (task == .http ? nil : "application/json"))
        }
    }

    @Test func `any other method is a POST of a form`() throws {
        let step = try dispatched([], ["url": "http://a/x?q=1", "method": "put", "n": 1.50, "l": [1, "b"]])
        #expect((step.request.method, step.request.url) == ("POST", "http://a/x?q=1"))
        #expect(header(step, "Content-Type") == "application/x-www-form-urlencoded")
        #expect(step.request.body.map { String(decoding: $0, as: UTF8.self) } == "n=1.5&l=%5B1%2C%22b%22%5D")
    }

    @Test func `method is an argument like others for the task of 0 point 8, which knew GET alone`() throws {
        let step = try dispatched(["http://a/"], ["method": "POST"], by: .rest)
        #expect((step.request.method, step.request.url) == ("GET", "http://a/?method=POST"))
    }

    @Test(arguments: [
        ("http://b/", "PermissionError", "b is not listed in CELERY_HTTP_HOSTS"),
        ("http://a.b/", "PermissionError", "a.b is not listed in CELERY_HTTP_HOSTS"),
        ("http+unix://%2Frun%2Fdocker.sock/", "PermissionError", "only the settings may name a Unix socket"),
        ("file:///etc/passwd", "ValueError", "url must begin with https://, http:// or http+unix://"),
        ("http://a@b/", "ValueError", "url contains a user name; write an Authorization header instead"),
        ("http://a\\@b/", "ValueError", "url contains a user name; write an Authorization header instead"),
        ("http://a\\b/", "ValueError", "url has no host of letters, digits, dots and hyphens; write international names in the form xn--"),
    ])
    func `calls no URL of a host that is not listed, nor one that is none`(url: String, type: String, text: String) throws {
        let refusal = try #require(throws: HTTPRefusal.self) { try dispatched([.string(url)]) }
        #expect((refusal.failure.type, refusal.failure.message) == (type, text))
    }

    @Test func `wrong arguments are the fault of the message`() throws {
        for (task, args, kwargs) in [
            (.http, [], [:]), (.http, [5], [:]), (.rest, ["http://a/", "GET"], [:]), (.http, ["http://a/", "GET", 1], [:]),
            (.http, ["http://a/", 5], [:]), (.http, ["http://a/"], ["method": ""]),
        ] as [(DispatchTask, [JSON], JSONObject)] {
            let refusal = try #require(throws: HTTPRefusal.self) { try dispatched(args, kwargs, by: task) }
            #expect(refusal.failure.type == "TypeError")
        }
    }

    @Test func `the address that a listed name has is checked, whatever the name`() throws {
        let step = try dispatched(["http://a/"])
        let permits = try #require(step.request.permitsAddress)
        #expect(permits([8, 8, 8, 8]))
        for address in [[127, 0, 0, 1], [169, 254, 169, 254], [10, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]] as [[UInt8]] {
            #expect(!permits(address))
        }
        let inside = try #require(try dispatched(["http://a/"], hosts: ["a", "10.0.0.0/8"]).request.permitsAddress)
        #expect(inside([10, 0, 0, 1]) && !inside([127, 0, 0, 1]))
    }

    // MARK: Definitions

    @Test func `the tasks that name URLs are there only for listed hosts`() throws {
        var settings = Settings(projectFolder: "/p")
        #expect(HTTPTask.definitions(settings).isEmpty)
        settings.httpTasks = [HTTPTaskSection(name: "t", place: "celery.toml:1", address: try HTTPAddress("https://a/b?secret=1"))]
        #expect(HTTPTask.definitions(settings).map(\.name) == ["t"])
        #expect(HTTPTask.definitions(settings).map(\.source) == ["https://a/b"])
        settings.httpHosts = try HTTPHosts(["a"])
        #expect(
            HTTPTask.definitions(settings).map(\.name)
                == ["t", "celery.task.rest.RESTProxyTask", "celery.task.http.HttpDispatchTask", "celery.http_dispatch", "celery.webhook"])
    }
}
