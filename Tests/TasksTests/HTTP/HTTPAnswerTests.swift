import CeleryCore
import Fixtures
import HTTP
import Testing
@testable import Tasks

/// What the answers to HTTP tasks mean.
@Suite struct HTTPAnswerTests {
    private let now = Timestamp(seconds: 784_111_777)

    private func answer(_ status: Int, _ body: String = "", _ headers: [String: String] = [:]) -> HTTPAnswer {
        var answer = HTTPAnswer(status: status, body: Array(body.utf8))
        answer.headers = headers.map { .init($0.key, $0.value) }
        return answer
    }

    /// A task of the settings at https://a/b, and a step of it.
    private func configured() throws -> (HTTPTask, HTTPStep) {
        let address = try HTTPAddress("https://a/b?q=secret")
        return (HTTPTask(.configured(HTTPTaskSection(name: "t", place: "", address: address))), HTTPStep(.post, address))
    }

    private func verdict(_ answer: HTTPAnswer) throws -> HTTPVerdict {
        let (task, step) = try configured()
        return task.verdict(answer, to: step, now: now)
    }

    private func dispatched(_ answer: HTTPAnswer) throws -> HTTPVerdict {
        let task = HTTPTask(.dispatched(.http, try HTTPHosts(["a"])))
        return task.verdict(answer, to: HTTPStep(.get, try HTTPAddress("http://a/")), now: now)
    }

    private func failure(_ verdict: HTTPVerdict) throws -> TaskFailure {
        guard case .failure(let failure) = verdict else { throw NoFailure(verdict: verdict) }
        return failure
    }

    private struct NoFailure: Error { let verdict: HTTPVerdict }

    // MARK: Tasks of the settings

    @Test(arguments: [
        ("5", 5), ("[1,null]", [1, nil]), ("\"x\"", "x"), ("", nil), ("null", nil), ("{\"a\":1}", ["a": 1]),
        (#"{"status": "success", "retval": {"w": 400}}"#, ["w": 400]), (#"{"status": "success", "retval": null}"#, nil),
        // Values that happen to have a status.
        (#"{"status": "success"}"#, ["status": "success"]),
        (#"{"status": "success", "retval": 1, "x": 2}"#, ["status": "success", "retval": 1, "x": 2]),
        (#"{"status": "failure", "x": 2}"#, ["status": "failure", "x": 2]),
        (#"{"status": "shipped"}"#, ["status": "shipped"]),
    ] as [(String, JSON)])
    func `the body is the return value, or has it in an envelope`(body: String, value: JSON) throws {
        #expect(try verdict(answer(200, body)) == .success(value))
        #expect(try verdict(answer(201, body, ["Content-Type": "application/json"])) == .success(value))
    }

    @Test func `text is a return value if it says that it is text`() throws {
        #expect(try verdict(answer(200, "done\n", ["content-type": "text/plain; charset=utf-8"])) == .success("done\n"))
        #expect(try verdict(answer(200, "[1]", ["Content-Type": "text/html"])) == .success("[1]"))
        #expect(try verdict(answer(200, #"{"status": "failure", "reason": "no"}"#, ["Content-Type": "text/html"])) == .failure(.remoteExecute("no")))
        #expect(try failure(try verdict(answer(200, "done\n"))).type == "InvalidResponseError")
        #expect(try failure(try verdict(answer(200, "{\"a\": ", ["Content-Type": "application/json"]))).type == "InvalidResponseError")
    }

    @Test func `a task that says that it has failed has`() throws {
        #expect(try verdict(answer(200, #"{"status": "failure", "reason": "no such image"}"#)) == .failure(.remoteExecute("no such image")))
        #expect(try verdict(answer(200, #"{"status": "failure"}"#)) == .failure(.remoteExecute("")))
        #expect(try verdict(answer(200, #"{"status": "failure", "reason": {"code": 5}}"#)) == .failure(.remoteExecute(#"{"code":5}"#)))
    }

    @Test(arguments: [400, 401, 403, 404, 408, 409, 410, 422, 425, 451])
    func `what a server refuses fails, and is not tried again`(status: Int) throws {
        let failure = try failure(try verdict(answer(status, "no such\u{1B}[31m image", ["Retry-After": "5"])))
        #expect((failure.type, failure.arguments.first) == ("HTTPError", .int(Int64(status))))
        #expect(failure.message == "\(status), https://a/b answered \(status): no such\\u{1b}[31m image")
    }

    @Test(arguments: [
        (429, "7", 7.0), (503, "7", 7.0), (503, "0", 0), (503, nil, nil), (429, nil, nil), (503, "soon", nil), (503, "-1", nil), (500, "7", nil),
        (502, nil, nil), (504, nil, nil), (599, nil, nil), (503, "99999999999999999999", 86_400),
        (503, "Sun, 06 Nov 1994 08:49:47 GMT", 10), (503, "Sun, 06 Nov 1994 08:49:00 GMT", 0),
    ] as [(Int, String?, Double?)])
    func `what a server cannot do now is tried again, when it says or as the options say`(status: Int, after: String?, delay: Double?) throws {
        let verdict = try verdict(answer(status, "busy", after.map { ["Retry-After": $0] } ?? [:]))
        #expect(verdict == .retry(.http(status: status, "https://a/b answered \(status): busy"), after: delay))
    }

    @Test(arguments: [301, 302, 303, 307, 308, 304])
    func `redirects are not followed`(status: Int) throws {
        let failure = try failure(try verdict(answer(status, "", ["Location": "http://169.254.169.254/"])))
        #expect(failure.message == "https://a/b redirects to http://169.254.169.254/ (\(status)), which is not followed")
    }

    @Test func `what is accepted is asked for at its location`() throws {
        let jobs = try HTTPAddress("https://a/jobs/1")
        #expect(try verdict(answer(202, "", ["Location": "/jobs/1"])) == .pending(jobs, after: nil))
        #expect(try verdict(answer(202, "", ["Location": "https://a:443/jobs/1", "Retry-After": "3"])) == .pending(HTTPAddress("https://a:443/jobs/1"), after: 3))
        // Without one, that was all.
        #expect(try verdict(answer(202, "{\"queued\": 1}")) == .success(["queued": 1]))
    }

    @Test(arguments: ["https://b/", "http://a/", "https://a:8443/", "//b/", "http+unix://%2Frun%2Fx/", "ftp://a/", "https://a@b/", "http://169.254.169.254/"])
    func `a location elsewhere is not asked`(location: String) throws {
        #expect(try failure(try verdict(answer(202, "", ["Location": location]))).type == "InvalidResponseError")
    }

    @Test(arguments: [
        (.timedOut, "TimeoutError", true), (.unreachable, "ConnectionError", true), (.untrusted, "ConnectionError", true),
        (.notHTTP, "InvalidResponseError", true), (.tooLong, "OutputTooLarge", false), (.badURL, "ValueError", false),
        (.forbidden, "PermissionError", false),
    ] as [(HTTPError.Code, String, Bool)])
    func `no answer is tried again, unless it would be the same`(code: HTTPError.Code, type: String, isRetried: Bool) throws {
        let (task, step) = try configured()
        switch task.verdict(HTTPError(code, "what libcurl says"), to: step) {
        case .retry(let failure, nil): #expect(isRetried && failure.type == type)
        case .failure(let failure): #expect(!isRetried && failure.type == type)
        case let verdict: Issue.record("\(verdict)")
        }
    }

    @Test func `no error tells the query, which may hold a secret`() throws {
        let (task, step) = try configured()
        let verdicts = try [
            verdict(answer(500)), verdict(answer(404)), verdict(answer(302)), verdict(answer(200, "x")),
            task.verdict(HTTPError(.timedOut, "x"), to: step), task.verdict(HTTPError(.tooLong, "x"), to: step),
        ]
        for verdict in verdicts { #expect(!"\(verdict)".contains("secret")) }
    }

    // MARK: URLs of messages

    @Test func `the original's envelope is read as the original did`() throws {
        #expect(try dispatched(answer(200, #"{"status": "success", "retval": [1], "more": 1}"#)) == .success([1]))
        #expect(try dispatched(answer(200, #"{"status": "failure", "reason": "no"}"#)) == .failure(.remoteExecute("no")))
        #expect(try dispatched(answer(200, #"{"status": "failure"}"#)) == .failure(.remoteExecute("")))
        #expect(try dispatched(answer(200, #"{"status": "odd"}"#)) == .failure(.unknownStatus("odd")))
        #expect(try dispatched(answer(200)) == .failure(.invalidResponse("Empty response")))
        for (status, body, type) in [
            (200, "no JSON", "InvalidResponseError"), (200, "5", "InvalidResponseError"), (200, "{}", "KeyError"),
            (200, #"{"status": "success"}"#, "KeyError"), (201, "", "UnknownStatusError"), (302, "", "UnknownStatusError"),
            (404, "", "HTTPError"), (503, "", "HTTPError"),
        ] {
            #expect(try failure(try dispatched(answer(status, body, ["Retry-After": "1"]))).type == type)
        }
    }

    @Test func `the original never tried again by itself`() throws {
        let task = HTTPTask(.dispatched(.http, try HTTPHosts(["a"])))
        let verdict = task.verdict(HTTPError(.unreachable, "x"), to: HTTPStep(.get, try HTTPAddress("http://a/")))
        #expect(try failure(verdict).type == "ConnectionError")
    }

    // MARK: Anything at all

    @Test func `whatever a server answers, it means something`() throws {
        var random = SeededGenerator(seed: 13)
        let seeds = [
            #"{"status": "success", "retval": {"width": 400}}"#, #"{"status": "failure", "reason": "no"}"#, "[1, 2.5, \"\\u00e9\"]", "null", "",
        ].map { Array($0.utf8) }
        let names = ["Location", "Retry-After", "Content-Type", "location", ""]
        let values = ["/jobs/1", "https://a/x", "http://[::1", "7", "-7", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 99999 08:49:37 GMT", "text/plain", "", "\u{0}"]
        for _ in 0..<fuzzRounds(20_000) {
            var body = seeds.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let place = Int.random(in: 0...body.count, using: &random)
                if Bool.random(using: &random), place < body.count {
                    body.remove(at: place)
                } else {
                    body.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            var answer = HTTPAnswer(status: Int.random(in: -1...1_000, using: &random), body: body)
            if Bool.random(using: &random) { answer.status = [200, 202, 302, 429, 503].randomElement(using: &random)! }
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                answer.headers.append(.init(names.randomElement(using: &random)!, values.randomElement(using: &random)!))
            }
            if case .pending(let address, let delay) = try verdict(answer) {
                #expect(address.origin == "https://a:443")
                #expect(delay.map { (0...RetryAfter.longest).contains($0) } ?? true)
            }
            if case .pending = try dispatched(answer) { Issue.record("the original polled nothing") }
        }
    }
}
