import Fixtures
import HTTP
import Testing

/// Requests to a server that says what the test wants.
@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"

    /// Performs a request on a thread of its own, for that blocks.
    private func perform(_ request: HTTPRequest) async throws -> HTTPAnswer {
        try await aside { try HTTPClient().perform(request) }
    }

    private func failure(of request: HTTPRequest) async throws -> HTTPError {
        let error = await #expect(throws: HTTPError.self) { try await perform(request) }
        return try #require(error)
    }

    @Test func `sends method, path and headers as they are, and returns status and body`() async throws {
        let server = try FakeServer(answer: Self.head + "hello", after: "\r\n\r\n")
        var request = HTTPRequest("DELETE", "http://127.0.0.1:\(server.port)/a/../b%2Fc?d=e")
        request.headers = [.init("X-One", "1"), .init("X-Two", "zwei")]
        let answer = try await perform(request)
        #expect(answer.status == 200 && answer.isSuccess && answer.text == "hello")
        let lines = try #require(server.requests.first).split(separator: "\r\n").map(String.init)
        #expect(lines.first == "DELETE /a/../b%2Fc?d=e HTTP/1.1")
        #expect(lines.contains("X-One: 1") && lines.contains("X-Two: zwei") && lines.contains("User-Agent: celery"))
        #expect(!lines.contains { $0.hasPrefix("Authorization") || $0.hasPrefix("Expect") })
    }

    @Test func `sends the whole body at once, and credentials as Basic authentication`() async throws {
        let body = "{\"a\": \"" + String(repeating: "x", count: 3_000) + "\"}!"
        let server = try FakeServer(answer: Self.head + "taken", after: "}!")
        var request = HTTPRequest("PUT", "http://127.0.0.1:\(server.port)/")
        request.body = Array(body.utf8)
        (request.user, request.password) = ("me", "a:b")
        #expect(try await perform(request).text == "taken")
        let sent = try #require(server.requests.first)
        #expect(sent.hasSuffix("\r\n\r\n" + body))
        #expect(sent.contains("Authorization: Basic \(ManagementAPI.base64(Array("me:a:b".utf8)))\r\n"))
        #expect(sent.contains("Content-Length: \(body.utf8.count)\r\n"))
    }

    @Test func `an answer of refusal is an answer`() async throws {
        let server = try FakeServer(answer: "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", after: "\r\n\r\n")
        let answer = try await perform(HTTPRequest("GET", "http://127.0.0.1:\(server.port)/"))
        #expect(answer == HTTPAnswer(status: 404, body: Array("no".utf8)))
        #expect(!answer.isSuccess)
    }

    @Test func `an empty body is sent as one`() async throws {
        let server = try FakeServer(answer: Self.head + "empty", after: "\r\n\r\n")
        var request = HTTPRequest("POST", "http://127.0.0.1:\(server.port)/")
        request.body = []
        #expect(try await perform(request).text == "empty")
        #expect(server.requests.first?.contains("Content-Length: 0\r\n") == true)
    }

    @Test func `says why there is no answer`() async throws {
        #expect(try await failure(of: HTTPRequest("GET", "http://127.0.0.1:1/")).code == .unreachable)
        #expect(try await failure(of: HTTPRequest("GET", "file:///etc/passwd")).code == .notHTTP)
        #expect(try await failure(of: HTTPRequest("GET", "http://[")).code == .badURL)
        let odd = try FakeServer(answer: "I am no HTTP server\r\n\r\n", after: "\r\n\r\n")
        let code = try await failure(of: HTTPRequest("GET", "http://127.0.0.1:\(odd.port)/")).code
        #expect(code == .notHTTP)
        let short = try FakeServer(answer: Self.head + "he", after: "\r\n\r\n")
        #expect(try await failure(of: HTTPRequest("GET", "http://127.0.0.1:\(short.port)/")).code == .unreachable)
    }

    @Test func `gives up on a server that says nothing`() async throws {
        let server = try FakeServer()
        var request = HTTPRequest("GET", "http://127.0.0.1:\(server.port)/")
        request.timeout = .milliseconds(200)
        let error = try await failure(of: request)
        #expect(error.code == .timedOut && error.number == 28)
    }
}
