import Glibc

/// RabbitMQ's management API on loopback: one connection for each request, nothing kept. Blocks.
package struct ManagementAPI: Sendable {
    package let port: UInt16
    private let credentials: String

    /// - Parameter url: As RABBIT_API has it: `http://guest:guest@127.0.0.1:PORT`.
    package init(_ url: String?) throws {
        guard let url, let match = url.wholeMatch(of: #/http://(.+)@127\.0\.0\.1:(\d+)/#), let port = UInt16(match.2) else {
            throw ServerTrouble("the server runs without --management")
        }
        self.port = port
        credentials = Self.base64(Array(match.1.utf8))
    }

    private init(port: UInt16, credentials: String) {
        self.port = port
        self.credentials = credentials
    }

    /// The same API as another user, who needs the tag `management`.
    package func `as`(_ user: String, _ password: String) -> ManagementAPI {
        ManagementAPI(port: port, credentials: Self.base64(Array("\(user):\(password)".utf8)))
    }

    /// What the server answered.
    package struct Answer: Sendable {
        package var status: Int
        package var body: String
    }

    /// - Parameter path: What comes after `/api/`, percent-encoded.
    package func request(_ method: String, _ path: String, body: String = "") throws -> Answer {
        let text = """
            \(method) /api/\(path) HTTP/1.0\r
            Host: 127.0.0.1\r
            Authorization: Basic \(credentials)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """
        let all = try exchange(Array(text.utf8))
        guard let match = all.prefixMatch(of: #/HTTP/1\.\d (\d{3})/#), let status = Int(match.1),
            let end = all.firstRange(of: "\r\n\r\n")
        else { throw ServerTrouble("\(method) \(path): no answer of HTTP: \(all)") }
        return Answer(status: status, body: String(all[end.upperBound...]))
    }

    /// The body of an answer that is none of refusal.
    @discardableResult
    package func expect(_ method: String, _ path: String, body: String = "") throws -> String {
        var answer = try request(method, path, body: body)
        // A question about queues fails when one of any test vanishes meanwhile.
        for _ in 0..<10 where method == "GET" && answer.status == 500 {
            usleep(100_000)
            answer = try request(method, path, body: body)
        }
        guard 200..<300 ~= answer.status else { throw ServerTrouble("\(method) \(path): \(answer.status) \(answer.body)") }
        return answer.body
    }

    private func exchange(_ request: [UInt8]) throws -> String {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw ServerTrouble("no socket: \(errno)") }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw ServerTrouble("no management API on port \(port): \(errno)") }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw ServerTrouble("the management API does not listen: \(errno)") }
            sent += count
        }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count >= 0 else { throw ServerTrouble("the management API does not answer: \(errno)") }
            if count == 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    package static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0..<4 {
                text.append(index <= group.count ? letters[bits >> (6 * (3 - index)) & 63] : "=")
            }
        }
        return text
    }
}
