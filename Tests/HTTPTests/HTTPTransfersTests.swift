import Fixtures
import Glibc
import HTTP
import Synchronization
import Testing

/// Several requests under way at once.
@Suite(.timeLimit(.minutes(2))) struct HTTPTransfersTests {
    private typealias Ended = [Int64: Result<HTTPAnswer, HTTPError>]

    /// Performs requests at once, on a thread of its own, until all have ended.
    private func perform(_ requests: [HTTPRequest], byteLimit: Int = 1 << 30) async throws -> Ended {
        try await aside {
            let transfers = try HTTPTransfers(most: 100, byteLimit: byteLimit)
            for (number, request) in requests.enumerated() { try transfers.begin(request, number: Int64(number)) }
            return Self.finish(transfers)
        }
    }

    private static func finish(_ transfers: HTTPTransfers) -> Ended {
        var ended: Ended = [:]
        while transfers.count > 0 {
            transfers.wait(upTo: .seconds(5), orUntilReadable: -1)
            for (number, answer) in transfers.run() { ended[number] = answer }
        }
        return ended
    }

    private func perform(_ request: HTTPRequest) async throws -> Result<HTTPAnswer, HTTPError> {
        try #require(try await perform([request])[0])
    }

    @Test func `a hundred requests wait at once, and each gets its own answer`() async throws {
        let server = try ScriptedHTTPServer { request, _ in .slow(.milliseconds(200), .answer(200, [], request.target)) }
        let clock = ContinuousClock.now
        let ended = try await perform((0..<100).map { HTTPRequest("GET", "\(server.url)/\($0)") })
        #expect(ended.count == 100)
        for (number, answer) in ended { #expect(try answer.get().text == "/\(number)") }
        // One after the other would take 20 seconds.
        #expect(ContinuousClock.now - clock < .seconds(10))
    }

    @Test func `a connection serves one request after the other`() async throws {
        let server = try ScriptedHTTPServer { _, _ in .answer(200, [], "ok") }
        try await aside { [url = server.url] in
            let transfers = try HTTPTransfers(most: 10, byteLimit: 1 << 20)
            for number in 0..<5 {
                try transfers.begin(HTTPRequest("GET", url), number: Int64(number))
                #expect(try Self.finish(transfers)[Int64(number)]?.get().status == 200)
            }
        }
        #expect(server.requests.count == 5 && server.connections == 1)
    }

    @Test func `an answer has its header lines if they are wanted`() async throws {
        let server = try ScriptedHTTPServer { _, _ in .answer(503, ["Retry-After:  7 ", "X-Empty:", "x-two: a:b"], "busy") }
        var request = HTTPRequest("GET", server.url)
        #expect(try await perform(request).get().headers == [])
        request.keepsHeaders = true
        let answer = try await perform(request).get()
        #expect((answer.status, answer.text) == (503, "busy"))
        #expect(answer.header("retry-after") == "7" && answer.header("X-EMPTY") == "" && answer.header("X-Two") == "a:b")
        #expect(answer.header("Location") == nil)
    }

    @Test func `only the last of several heads counts`() async throws {
        let server = try ScriptedHTTPServer { _, _ in
            .cut("HTTP/1.1 103 Early Hints\r\nLocation: /early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Late: 1\r\n\r\nok")
        }
        var request = HTTPRequest("GET", server.url)
        request.keepsHeaders = true
        let answer = try await perform(request).get()
        #expect(answer.text == "ok" && answer.header("Location") == nil && answer.header("X-Late") == "1")
    }

    @Test func `does not follow redirects, whoever asks`() async throws {
        let server = try ScriptedHTTPServer { _, _ in .answer(302, ["Location: http://169.254.169.254/latest/meta-data"]) }
        #expect(try await perform(HTTPRequest("GET", server.url)).get().status == 302)
        #expect(server.requests.count == 1)
    }

    @Test func `an answer that is too long ends, and so does one beyond what all may hold`() async throws {
        let server = try ScriptedHTTPServer { _, _ in .answer(200, [], String(repeating: "x", count: 100_000)) }
        var request = HTTPRequest("GET", server.url)
        request.bodyLimit = 99_999
        #expect(code(try await perform(request)) == .tooLong)
        request.bodyLimit = 100_000
        #expect(try await perform(request).get().body.count == 100_000)
        #expect(code(try #require(try await perform([request], byteLimit: 99_999)[0])) == .tooLong)
        // What has been read is free for others again.
        let one = try await perform(request, request, request, byteLimit: 100_000)
        #expect(one == 3)
    }

    /// How many of these requests, one after the other, succeed.
    private func perform(_ requests: HTTPRequest..., byteLimit: Int) async throws -> Int {
        try await aside {
            let transfers = try HTTPTransfers(most: 10, byteLimit: byteLimit)
            var successes = 0
            for request in requests {
                try transfers.begin(request, number: 1)
                if (try? Self.finish(transfers)[1]?.get()) != nil { successes += 1 }
            }
            return successes
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "HTTP/1.1 200 OK\r\nContent-Le", "I am no HTTP server\r\n\r\n", ""])
    func `an answer that is cut off or none is an error`(text: String) async throws {
        let server = try ScriptedHTTPServer { _, _ in .cut(text) }
        var request = HTTPRequest("GET", server.url)
        request.keepsHeaders = true
        #expect([.unreachable, .notHTTP].contains(code(try await perform(request))))
    }

    private func code(_ answer: Result<HTTPAnswer, HTTPError>) -> HTTPError.Code? {
        if case .failure(let error) = answer { error.code } else { nil }
    }

    @Test func `a request that is cancelled says nothing more, and others go on`() async throws {
        let server = try ScriptedHTTPServer { request, _ in request.target == "/never" ? .silence : .answer(200, [], "ok") }
        let numbers = try await aside { [url = server.url] in
            let transfers = try HTTPTransfers(most: 10, byteLimit: 1 << 20)
            try transfers.begin(HTTPRequest("GET", url + "/never"), number: 1)
            try transfers.begin(HTTPRequest("GET", url), number: 2)
            transfers.cancel(1)
            return Self.finish(transfers).keys.sorted()
        }
        #expect(numbers == [2])
    }

    @Test func `connects only to addresses that the request permits, and asks before each`() async throws {
        let server = try ScriptedHTTPServer { _, _ in .answer(200, [], "secret") }
        let asked = Mutex<[[UInt8]]>([])
        var request = HTTPRequest("GET", "http://localhost:\(server.port)/")
        request.permitsAddress = { address in
            asked.withLock { $0.append(address) }
            return false
        }
        let refused = try await perform(request)
        #expect(code(refused) == .forbidden)
        #expect(asked.withLock { $0.contains([127, 0, 0, 1]) })
        #expect(server.connections == 0)
        request.permitsAddress = { $0 == [127, 0, 0, 1] }
        #expect(try await perform(request).get().text == "secret")
    }

    @Test func `a connection of a request that may go anywhere is no way around the permission of another`() async throws {
        let server = try ScriptedHTTPServer { _, _ in .answer(200, [], "ok") }
        let codes = try await aside { [url = server.url] in
            let transfers = try HTTPTransfers(most: 10, byteLimit: 1 << 20)
            var request = HTTPRequest("GET", url)
            try transfers.begin(request, number: 1)
            let first = try Self.finish(transfers)[1]?.get().status
            request.permitsAddress = { _ in false }
            try transfers.begin(request, number: 2)
            guard case .failure(let error)? = Self.finish(transfers)[2] else { return (first, nil) as (Int?, HTTPError.Code?) }
            return (first, error.code)
        }
        #expect(codes.0 == 200 && codes.1 == .forbidden)
        #expect(server.requests.count == 1)
    }

    @Test func `reaches a Unix socket, whatever the host`() async throws {
        let folder = TemporaryFolder()
        let server = try ScriptedHTTPServer(path: folder.file("s")) { request, _ in .answer(200, [], request.headers["host"] ?? "") }
        var request = HTTPRequest("GET", "http://localhost/x")
        request.unixSocket = folder.file("s")
        #expect(try await perform(request).get().text == "localhost")
        #expect(server.requests.map(\.target) == ["/x"])
    }

    @Test func `wakes when it is called`() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let reading = ends[0]
        write(ends[1], "x", 1)
        let waited = try await aside {
            let transfers = try HTTPTransfers(most: 1, byteLimit: 1)
            let clock = ContinuousClock.now
            transfers.wait(upTo: .seconds(50), orUntilReadable: reading)
            return ContinuousClock.now - clock
        }
        #expect(waited < .seconds(40))
    }
}
