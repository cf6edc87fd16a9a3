import Glibc
import Processes
import Synchronization

/// A way to a server on 127.0.0.1 that can be cut: all connections end, and new ones are passed on.
package final class CutLink: Sendable {
    package let port: Int
    private let listener: LoopbackListener
    /// Both ends of each connection.
    private let open = Mutex<[Int32]>([])

    package init(to target: Int) throws {
        let listener = try LoopbackListener()
        self.listener = listener
        port = listener.port
        WorkThread.start { [weak self] in
            listener.serve { client in
                guard let server = Self.connect(target) else {
                    close(client)
                    return
                }
                self?.open.withLock { $0 += [client, server] }
                WorkThread.start { Self.pass(from: client, to: server) }
                WorkThread.start { Self.pass(from: server, to: client) }
            }
        }
    }

    deinit {
        listener.end()
        cut()
    }

    /// Ends all connections. Their descriptors stay open, so that no other connection gets their numbers.
    package func cut() {
        for descriptor in open.withLock({ $0 }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private static func pass(from source: Int32, to target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(source, &buffer, buffer.count, 0), count > 0 {
            var sent = 0
            while sent < count {
                let now = buffer[sent..<count].withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard now > 0 else { break }
                sent += now
            }
            if sent < count { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func connect(_ port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        return status == 0 ? descriptor : nil
    }
}
