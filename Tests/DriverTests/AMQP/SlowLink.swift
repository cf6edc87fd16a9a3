import Fixtures
import Glibc
import Processes
import Synchronization

/// A way to a server that lets only so many bytes through in a second.
final class SlowLink: Sendable {
    /// Where it listens on 127.0.0.1.
    let port: Int
    private let listener: Int32
    private let target: Int
    /// Bytes from the server in a second; `nil` for no limit.
    private let rate = Mutex<Int?>(nil)

    init(to target: Int) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var address = Self.address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, pointer, &length) == 0
            }
        }
        guard status else { throw ServerTrouble("no port to listen at: \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Begins to take connections.
    func open() {
        WorkThread.start { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let server = Self.connect(target) else { return }
                WorkThread.start { self.pass(from: client, to: server, isSlow: false) }
                WorkThread.start { self.pass(from: server, to: client, isSlow: true) }
            }
        }
    }

    func limit(to rate: Int?) { self.rate.withLock { $0 = rate } }

    /// Takes no more connections.
    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func pass(from source: Int32, to target: Int32, isSlow: Bool) {
        var buffer = [UInt8](repeating: 0, count: 8_192)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let now = buffer[sent..<count].withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard now > 0 else { break }
                sent += now
            }
            if sent < count { break }
            if isSlow, let rate = rate.withLock({ $0 }) { Syscall.pause(.seconds(Double(count) / Double(rate))) }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func connect(_ port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // So that what is held back is held back here, and not in the kernel.
        var size: Int32 = 16_384
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var address = address(port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        return status == 0 ? descriptor : nil
    }
}
