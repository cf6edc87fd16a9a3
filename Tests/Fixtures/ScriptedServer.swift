import Glibc
import Processes
import Synchronization

/// A port on 127.0.0.1 that speaks by a script: it answers the first request of a connection with the first answer, and so on, and
/// says nothing more after the last.
///
/// For protocols whose requests are small and sent in one piece: what comes in one piece is a request.
package final class ScriptedServer: Sendable {
    package let port: Int
    private let listener: Int32
    private let heard = Mutex<[String]>([])

    /// The requests of all connections, in the order in which they came.
    package var requests: [String] { heard.withLock { $0 } }

    package init(answers: [String]) throws {
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
        WorkThread.start { [weak self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                var rest = answers[...]
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
                    self?.heard.withLock { $0.append(String(decoding: buffer[..<count], as: UTF8.self)) }
                    guard let answer = rest.popFirst() else { continue }
                    _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                }
                close(connection)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
