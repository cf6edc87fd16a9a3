import Fixtures
import Glibc
import Processes

/// A port on 127.0.0.1 that takes connections and is no broker.
final class FakeServer: Sendable {
    let port: Int
    private let listener: Int32

    /// - Parameter answer: What each connection gets at once, before it is closed; `nil` says nothing and keeps it.
    init(answer: String? = nil) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, address, &size) == 0
            }
        }
        guard status else { throw ServerTrouble("no port to listen at: \(errno)") }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        WorkThread.start {
            var kept: [Int32] = []
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                guard let answer else {
                    kept.append(connection)
                    continue
                }
                _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                close(connection)
            }
            for connection in kept { close(connection) }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
