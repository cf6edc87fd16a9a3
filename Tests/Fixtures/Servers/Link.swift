import Glibc
import Processes
import Synchronization

/// A way to a server on 127.0.0.1, which can be cut or slowed down.
package final class Link: Sendable {
    /// Where it listens on 127.0.0.1.
    package let port: Int
    private let listener: LoopbackListener
    private let target: Int
    private let state = State()

    /// What the threads of the connections need, which do not keep the link alive.
    private final class State: Sendable {
        /// Both ends of each connection.
        let open = Mutex<[Int32]>([])
        /// Bytes from the server in a second; `nil` for no limit.
        let rate = Mutex<Int?>(nil)
    }

    /// - Parameter isOpen: Whether it takes connections; else it has the port, and whoever comes is refused until `open`.
    package init(to target: Int, isOpen: Bool = true) throws {
        self.target = target
        listener = try LoopbackListener(listens: isOpen)
        port = listener.port
        if isOpen { serve() }
    }

    /// Opens the port; once, and only after `isOpen: false`.
    package func open() throws {
        try listener.startListening()
        serve()
    }

    private func serve() {
        WorkThread.start { [state, listener, target] in
            listener.serve { client in
                guard let server = Self.connect(target) else {
                    close(client)
                    return
                }
                state.open.withLock { $0 += [client, server] }
                WorkThread.start { Self.pass(from: client, to: server) { nil } }
                WorkThread.start { Self.pass(from: server, to: client) { state.rate.withLock { $0 } } }
            }
        }
    }

    deinit {
        listener.end()
        cut()
    }

    /// Lets only so many bytes from the server through in a second, of each connection; `nil` ends that.
    package func limit(to rate: Int?) { state.rate.withLock { $0 = rate } }

    /// Ends all connections; new ones are passed on. Their descriptors stay open, so that no other connection gets their numbers.
    package func cut() {
        for descriptor in state.open.withLock({ $0 }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private static func pass(from source: Int32, to target: Int32, rate: () -> Int?) {
        var buffer = [UInt8](repeating: 0, count: 8_192)
        while case let count = recv(source, &buffer, buffer.count, 0), count > 0 {
            var sent = 0
            while sent < count {
                let now = buffer[sent..<count].withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard now > 0 else { break }
                sent += now
            }
            if sent < count { break }
            if let rate = rate() { Syscall.pause(.seconds(Double(count) / Double(rate))) }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func connect(_ port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // So that what is held back is held back here, and not in the kernel.
        var size: Int32 = 16_384
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
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
