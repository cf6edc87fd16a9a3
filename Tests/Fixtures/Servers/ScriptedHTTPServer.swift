import Glibc
import Processes
import Synchronization

/// An HTTP server on loopback that behaves, or misbehaves, as the test says. Serves many connections at once, and keeps them.
package final class ScriptedHTTPServer: Sendable {
    /// 0 for a Unix socket.
    package let port: Int
    private let listener: LoopbackListener
    private let heard = Mutex<[Request]>([])
    private let taken = Mutex(0)

    /// What a client asked.
    package struct Request: Sendable {
        package var method = ""
        /// Path and query.
        package var target = ""
        /// Names in lower case.
        package var headers: [String: String] = [:]
        package var body: [UInt8] = []

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package enum Reply: Sendable {
        /// A proper answer; header lines as they are written.
        case answer(Int, [String] = [], String = "")
        /// These bytes, after which the connection is closed.
        case cut(String)
        /// Nothing, until the client has enough.
        case silence
        /// The other reply after a while.
        indirect case slow(Duration, Reply)

        package static func json(_ text: String) -> Reply { .answer(200, ["Content-Type: application/json"], text) }
    }

    /// The requests so far, in the order in which they came.
    package var requests: [Request] { heard.withLock { $0 } }
    /// How many connections were made.
    package var connections: Int { taken.withLock { $0 } }
    package var url: String { "http://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - path: Of a Unix socket, instead of a port.
    ///   - reply: Called on many threads, with the number of the request, from 1.
    package init(path: String? = nil, _ reply: @escaping @Sendable (Request, Int) -> Reply) throws {
        let listener = if let path { try LoopbackListener(path: path) } else { try LoopbackListener() }
        self.listener = listener
        port = listener.port
        WorkThread.start { [weak self] in
            listener.serve { connection in
                self?.taken.withLock { $0 += 1 }
                WorkThread.start { [weak self] in Self.serve(connection, reply) { self?.note($0) ?? 0 } }
            }
        }
    }

    deinit { listener.end() }

    private func note(_ request: Request) -> Int {
        heard.withLock { requests in
            requests.append(request)
            return requests.count
        }
    }

    private static func serve(_ connection: Int32, _ reply: (Request, Int) -> Reply, _ note: (Request) -> Int) {
        defer { close(connection) }
        var rest: [UInt8] = []
        while let request = read(connection, &rest) {
            guard act(reply(request, note(request)), on: connection) else { return }
        }
    }

    /// - Returns: Whether the connection goes on.
    private static func act(_ reply: Reply, on connection: Int32) -> Bool {
        switch reply {
        case .answer(let status, let lines, let body):
            let head = ["HTTP/1.1 \(status) Said", "Content-Length: \(body.utf8.count)"] + lines
            return write(head.joined(separator: "\r\n") + "\r\n\r\n" + body, to: connection)
        case .cut(let text):
            _ = write(text, to: connection)
            return false
        case .silence:
            var byte: UInt8 = 0
            while recv(connection, &byte, 1, 0) > 0 {}
            return false
        case .slow(let pause, let reply):
            Syscall.pause(pause)
            return act(reply, on: connection)
        }
    }

    private static func write(_ text: String, to connection: Int32) -> Bool {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func read(_ connection: Int32, _ rest: inout [UInt8]) -> Request? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        func more() -> Bool {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            rest += buffer[..<count]
            return true
        }
        let blank = Array("\r\n\r\n".utf8)
        while rest.firstRange(of: blank) == nil { guard more() else { return nil } }
        guard let end = rest.firstRange(of: blank) else { return nil }
        let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        rest = Array(rest[end.upperBound...])
        var request = Request()
        let words = lines.first?.split(separator: " ") ?? []
        (request.method, request.target) = (String(words.first ?? ""), words.count > 1 ? String(words[1]) : "")
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            request.headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = Int(request.headers["content-length"] ?? "0") ?? 0
        while rest.count < length { guard more() else { return nil } }
        request.body = Array(rest.prefix(length))
        rest = Array(rest.dropFirst(length))
        return request
    }
}
