import Glibc
import Processes

extension StreamSocket {
    /// Connects by TCP. Blocks; looking up the name of a host has no time limit but that of the resolver.
    ///
    /// - Throws: `unreachable`.
    ///
    /// The corresponding C functions are `getaddrinfo` and `connect`.
    package static func connected(
        toHost host: String, port: Int, until deadline: ContinuousClock.Instant
    ) throws(StreamError) -> StreamSocket {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            throw StreamError(.unreachable, "unknown host '\(host)'")
        }
        defer { freeaddrinfo(first) }
        var failure = StreamError(.unreachable, "unknown host '\(host)'")
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let address = next {
            next = address.pointee.ai_next
            do throws(StreamError) {
                let socket = try connected(
                    address.pointee.ai_family, address.pointee.ai_addr, address.pointee.ai_addrlen, until: deadline)
                var on: Int32 = 1
                let size = socklen_t(MemoryLayout<Int32>.size)
                // Commands are small, and each is waited for.
                setsockopt(socket.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
                setsockopt(socket.descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, size)
                return socket
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Connects to a socket of this machine. Blocks.
    ///
    /// - Throws: `unreachable`; `address` for a path that is too long.
    package static func connected(
        toPath path: String, until deadline: ContinuousClock.Instant
    ) throws(StreamError) -> StreamSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw StreamError(.address, "the path of the socket is longer than 107 bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return try withUnsafeMutablePointer(to: &address) { (pointer) throws(StreamError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { (pointer) throws(StreamError) in
                try connected(AF_UNIX, pointer, socklen_t(MemoryLayout<sockaddr_un>.size), until: deadline)
            }
        }
    }

    private static func connected(
        _ family: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t, until deadline: ContinuousClock.Instant
    ) throws(StreamError) -> StreamSocket {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(family, kind, 0)
        guard descriptor >= 0 else { throw StreamError(.unreachable, SystemError.text(of: errno)) }
        let socket = StreamSocket(descriptor)
        if Glibc.connect(descriptor, address, length) == 0 { return socket }
        guard errno == EINPROGRESS || errno == EINTR else { throw StreamError(.unreachable, SystemError.text(of: errno)) }
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw StreamError(.unreachable, "no answer in time") }
            if poll(&entry, 1, left.pollTimeout) > 0 { break }
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { throw StreamError(.unreachable, SystemError.text(of: code)) }
        return socket
    }
}
