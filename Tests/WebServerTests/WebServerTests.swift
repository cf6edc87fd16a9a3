import CeleryCore
import Fixtures
import Glibc
import Processes
import Synchronization
import Testing

@testable import WebServer

/// The server upon libmicrohttpd, over real connections.
@Suite(.timeLimit(.minutes(2))) struct WebServerTests {
    /// A server on a free port.
    private func serve(_ handler: @escaping WebServer.Handler) throws -> (server: WebServer, port: UInt16) {
        let socket = try ListeningSocket.open(.network(host: "127.0.0.1", port: 0))
        let port = try #require(ListeningSocket.port(of: socket))
        var terms = WebServer.Terms(socket: socket)
        terms.body = 1_000
        return (try WebServer(terms, handler: handler), port)
    }

    private static let head = "Host: localhost\r\n"

    @Test func `requests of one connection are answered one after the other, at once or later`() async throws {
        let (server, port) = try serve { request in
            let text = "\(request.method) \(request.target.path) \(String(decoding: request.body, as: UTF8.self))"
            return request.target.path == ["later"] ? .later { .text(text) } : .now(.text(text))
        }
        try await aside {
            let connection = try RawConnection(port: port)
            for _ in 0..<20 {
                connection.send("GET /now HTTP/1.1\r\n\(Self.head)\r\n")
                #expect(try connection.receiveAnswer().hasSuffix("GET [\"now\"] "))
                connection.send("POST /later HTTP/1.1\r\n\(Self.head)Content-Length: 5\r\n\r\nhello")
                #expect(try connection.receiveAnswer().hasSuffix("POST [\"later\"] hello"))
            }
            connection.send("POST /later HTTP/1.1\r\n\(Self.head)Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            #expect(try connection.receiveAnswer().hasSuffix("abcde"))
        }
        server.stop()
    }

    @Test func `HEAD gets the header lines of GET and no body`() async throws {
        let (server, port) = try serve { _ in .now(.text("twelve bytes")) }
        try await aside {
            let connection = try RawConnection(port: port)
            connection.send("HEAD /x HTTP/1.1\r\n\(Self.head)\r\n")
            let answer = try connection.receive { $0.hasSuffix("\r\n\r\n") }
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("Content-Length: 12\r\n"))
        }
        server.stop()
    }

    @Test func `an answer that stands for a while is repeated for the same request, and for no other`() async throws {
        let asked = Mutex<[String]>([])
        let (server, port) = try serve { request in
            asked.withLock { $0.append(request.target.path.joined()) }
            var response = WebResponse.text("\(asked.withLock { $0.count }) \(request.header("cookie") ?? "-")", status: 203)
            response.repeatsUntil = .now + (request.target.path == ["over"] ? .seconds(-1) : .seconds(600))
            return .now(response)
        }
        try await aside {
            for _ in 0..<2 {
                let connection = try RawConnection(port: port)
                for _ in 0..<3 {
                    connection.send("GET /a HTTP/1.1\r\n\(Self.head)\r\n")
                    let answer = try connection.receiveAnswer()
                    #expect(answer.hasPrefix("HTTP/1.1 203 ") && answer.hasSuffix("\r\n\r\n1 -"), "\(answer)")
                }
                connection.send("HEAD /a HTTP/1.1\r\n\(Self.head)\r\n")
                #expect(try connection.receive { $0.hasSuffix("\r\n\r\n") }.contains("Content-Length: 3\r\n"))
                connection.send("GET /a HTTP/1.1\r\n\(Self.head)Cookie: b\r\n\r\n")
                #expect(try connection.receiveAnswer().hasSuffix("\r\n\r\n3 b"))
            }
            let connection = try RawConnection(port: port)
            for request in ["GET /over HTTP/1.1\r\n\(Self.head)\r\n", "POST /a HTTP/1.1\r\n\(Self.head)Content-Length: 1\r\n\r\nx"] {
                for _ in 0..<2 {
                    connection.send(request)
                    #expect(try connection.receiveAnswer().hasSuffix(" -"))
                }
            }
            // As long as the longest that is kept, and longer.
            let long = "GET /long HTTP/1.1\r\n\(Self.head)X-Long: \(String(repeating: "x", count: 5_000))\r\n\r\n"
            for _ in 0..<2 {
                connection.send(long)
                #expect(try connection.receiveAnswer().hasSuffix(" -"))
            }
        }
        server.stop()
        #expect(asked.withLock { $0 } == ["a", "a", "a", "over", "over", "a", "a", "long", "long"])
    }

    @Test func `the peer of a connection on this machine is known by its user`() async throws {
        let seen = Mutex<[WebPeer]>([])
        let (server, port) = try serve { request in
            seen.withLock { $0.append(request.peer) }
            return .now(.text("ok"))
        }
        try await aside {
            let connection = try RawConnection(port: port)
            for _ in 0..<2 {
                connection.send("GET / HTTP/1.1\r\n\(Self.head)\r\n")
                _ = try connection.receiveAnswer()
            }
        }
        server.stop()
        let peers = seen.withLock { $0 }
        #expect(peers.count == 2 && peers.allSatisfy { $0.address == [127, 0, 0, 1] && $0.user == getuid() && !$0.isByFile }, "\(peers)")
    }

    @Test func `a Unix socket is for its owner, tells the user, and replaces one that was left behind`() async throws {
        let folder = TemporaryFolder()
        let path = folder.file("web.sock")
        // Left behind: nobody listens on it.
        try ListeningSocket.open(.file(path)).close()
        let socket = try ListeningSocket.open(.file(path))
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let seen = Mutex<WebPeer?>(nil)
        let server = try WebServer(WebServer.Terms(socket: socket)) { request in
            seen.withLock { $0 = request.peer }
            return .now(.text("ok"))
        }
        try await aside {
            let connection = try RawConnection(path: path)
            connection.send("GET / HTTP/1.1\r\n\(Self.head)\r\n")
            #expect(try connection.receiveAnswer().hasSuffix("ok"))
        }
        #expect(throws: SystemError.self) { try ListeningSocket.open(.file(path)) }
        #expect(throws: SystemError.self) { try ListeningSocket.open(.file(try folder.write("no socket", to: "file"))) }
        server.stop()
        #expect(seen.withLock { $0 }?.isByFile == true && seen.withLock { $0 }?.user == getuid())
    }

    @Test func `a stream sends as it goes, and ends`() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        let (server, port) = try serve { _ in
            .now(WebResponse(headers: [WebField("Content-Type", "text/event-stream")], body: .stream { stream in
                #expect(stream.send(Array("one".utf8)))
                for await _ in gate.stream { break }
                #expect(stream.sendComment() && stream.send(Array("two".utf8)))
            }))
        }
        try await aside {
            let connection = try RawConnection(port: port)
            connection.send("GET / HTTP/1.1\r\n\(Self.head)\r\n")
            #expect(try connection.receive { $0.contains("data: one\n\n") }.contains("text/event-stream"))
            gate.continuation.yield()
            #expect(try connection.receive { $0.contains("0\r\n\r\n") }.contains("data: two\n\n"))
        }
        server.stop()
    }

    @Test func `who does not read a stream is dropped, and what it would be sent is not kept`() async throws {
        let ended = AsyncStream.makeStream(of: Void.self)
        let (server, port) = try serve { _ in
            .now(WebResponse(body: .stream { stream in
                while stream.write([UInt8](repeating: 0x61, count: 60_000)) { await Task.yield() }
                ended.continuation.yield()
            }))
        }
        let connection = try RawConnection(port: port)
        connection.send("GET / HTTP/1.1\r\n\(Self.head)\r\n")
        for await _ in ended.stream { break }
        connection.close()
        server.stop()
    }

    @Test func `a server with suspended connections stops, and hangs up on all of them`() async throws {
        let arrived = AsyncStream.makeStream(of: Void.self)
        let (server, port) = try serve { request in
            arrived.continuation.yield()
            if request.target.path == ["stream"] {
                return .now(WebResponse(body: .stream { _ in try? await Task.sleep(for: .seconds(3_600)) }))
            }
            return .later {
                try? await Task.sleep(for: .seconds(3_600))
                return .text("late")
            }
        }
        let connections = try (0..<20).map { _ in try RawConnection(port: port) }
        for (number, connection) in connections.enumerated() {
            connection.send("GET /\(number % 2 == 0 ? "stream" : "wait") HTTP/1.1\r\n\(Self.head)\r\n")
        }
        var iterator = arrived.stream.makeAsyncIterator()
        for _ in connections { _ = await iterator.next() }
        try await aside { server.stop() }
        try await aside { for connection in connections { _ = try connection.receive { _ in false } } }
        #expect(throws: SystemError.self) { try RawConnection(port: port) }
    }

    @Test func `what is too long is refused before it is read`() async throws {
        let (server, port) = try serve { _ in .now(.text("taken")) }
        try await aside { () throws in
            func answer(_ text: String) throws -> String {
                let connection = try RawConnection(port: port)
                connection.send(text)
                return try connection.receive { $0.contains("\r\n") }
            }
            #expect(try answer("POST / HTTP/1.1\r\n\(Self.head)Content-Length: 1001\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
            #expect(try answer("POST / HTTP/1.1\r\n\(Self.head)Content-Length: 99999999999999999999\r\n\r\n").hasPrefix("HTTP/1.1 4"))
            #expect(try answer("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\n\(Self.head)\r\n").hasPrefix("HTTP/1.1 4"))
            let many = (0..<200).map { "X-\($0): 1\r\n" }.joined()
            #expect(try answer("GET / HTTP/1.1\r\n\(Self.head)\(many)\r\n").hasPrefix("HTTP/1.1 431 "))
            let chunk = "400\r\n" + String(repeating: "a", count: 1_024) + "\r\n"
            #expect(try answer("POST / HTTP/1.1\r\n\(Self.head)Transfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
        }
        server.stop()
    }

    @Test func `requests of random bytes are answered or hung up on, and the server goes on`() async throws {
        let (server, port) = try serve { _ in .now(.text("alive")) }
        try await aside {
            var random = SeededGenerator(seed: 42)
            let pieces = [
                "GET ", "POST ", "PUT ", "/", "?a=b", "%", " HTTP/1.1", " HTTP/1.0", " HTTP/9.9", "\r\n", "\n", "\r", "Host: localhost\r\n", "Host: a\r\n",
                "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "\r\n\r\n", "5\r\nhello\r\n", "ffffffffffffffff\r\n", "\u{0}",
                ": x\r\n", " folded\r\n", "é", "Expect: 100-continue\r\n",
            ]
            for _ in 0..<fuzzRounds(300) {
                let connection = try RawConnection(port: port)
                connection.send((0..<Int.random(in: 1...15, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined())
                connection.close()
            }
            let connection = try RawConnection(port: port)
            connection.send("GET / HTTP/1.1\r\n\(Self.head)\r\n")
            #expect(try connection.receiveAnswer().hasSuffix("alive"))
        }
        server.stop()
    }
}
