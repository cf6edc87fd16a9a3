import Glibc
import Synchronization

/// A port of 127.0.0.1, or a Unix socket, that takes connections until `end` is called.
final class LoopbackListener: Sendable {
    /// 0 for a Unix socket.
    let port: Int
    private let descriptor: Int32
    /// Once it is closed, its number is soon that of another test's socket.
    private let isOpen = Mutex(true)

    /// Takes a free port.
    ///
    /// - Parameter listens: Whether it takes connections from the beginning; else whoever comes is refused until `startListening`.
    init(listens: Bool = true) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { [descriptor] in
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && (!listens || listen(descriptor, 512) == 0)
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        guard status else { throw ServerTrouble("no port to listen at: \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Makes a Unix socket.
    init(path: String) throws {
        port = 0
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let status = withUnsafePointer(to: &address) { [descriptor] in
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(descriptor, 512) == 0
            }
        }
        guard status else { throw ServerTrouble("no socket at \(path): \(errno)") }
    }

    // One that never served.
    deinit { isOpen.withLock { if $0 { close(descriptor) } } }

    /// Takes connections from now on, at the port that was its own already. `serve` must follow.
    func startListening() throws {
        guard listen(descriptor, 512) == 0 else { throw ServerTrouble("cannot listen at port \(port): \(errno)") }
    }

    /// Serves one connection after the other, and closes the port when `end` is called. Blocks.
    func serve(_ body: (_ connection: Int32) -> Void) {
        while case let connection = accept(descriptor, nil, nil), connection >= 0 || errno == EINTR || errno == ECONNABORTED {
            if connection >= 0 { body(connection) }
        }
        isOpen.withLock { isOpen in
            isOpen = false
            close(descriptor)
        }
    }

    /// Makes `serve` return; may be called on any thread, and more than once.
    func end() { isOpen.withLock { if $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } } }
}
