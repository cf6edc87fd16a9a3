package import CeleryCore
import Glibc
package import Processes

/// Opens the socket that a server listens on.
package enum ListeningSocket {
    /// Connections that wait to be accepted.
    private static let backlog: Int32 = 511

    /// A listening socket. A socket in the file system is for its owner, and its group if there is one; one that nobody listens on
    /// any more is replaced.
    ///
    /// - Throws: `SystemError`: `cannot listen on 127.0.0.1:5555: address already in use`.
    package static func open(_ address: WebAddress, group: UInt32? = nil) throws(SystemError) -> OwnedDescriptor {
        switch address {
        case .file(let path): return try openFile(path, group)
        case .network(let host, let port): return try openNetwork(host, port, "listen on \(address)")
        }
    }

    private static func openNetwork(_ host: String, _ port: UInt16, _ operation: String) throws(SystemError) -> OwnedDescriptor {
        let isSix = host.utf8.contains(UInt8(ascii: ":"))
        let socket = try make(isSix ? AF_INET6 : AF_INET, operation)
        var yes: Int32 = 1
        setsockopt(socket.number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        if isSix {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            try bind(socket, &address, operation)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &address.sin_addr)
            try bind(socket, &address, operation)
        }
        try Syscall.check(operation) { listen(socket.number, backlog) }
        return socket
    }

    private static func openFile(_ path: String, _ group: UInt32?) throws(SystemError) -> OwnedDescriptor {
        let operation = "listen on unix:\(path)"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw SystemError(ENAMETOOLONG, operation) }
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: path.utf8.prefix(room.count - 1))
        }
        try removeAbandoned(path, &address, operation)
        let socket = try make(AF_UNIX, operation)
        try bind(socket, &address, operation)
        // Nobody can connect before it listens.
        try Syscall.check(operation) { chmod(path, group == nil ? 0o600 : 0o660) }
        if let group { try Syscall.check(operation) { chown(path, uid_t.max, group) } }
        try Syscall.check(operation) { listen(socket.number, backlog) }
        return socket
    }

    /// Removes a socket on which nobody listens.
    private static func removeAbandoned(_ path: String, _ address: inout sockaddr_un, _ operation: String) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw SystemError(EEXIST, operation, reason: "the file is there and no socket") }
        let probe = try make(AF_UNIX, operation)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe.number, $0, size) }
        }
        let code = errno
        if connected == 0 { throw SystemError(EADDRINUSE, operation) }
        // Anything else than a refusal, such as a full backlog, means that somebody is there.
        guard code == ECONNREFUSED else { throw SystemError(code, operation) }
        try Syscall.check("remove the abandoned socket", path: path) { unlink(path) }
    }

    private static func make(_ family: Int32, _ operation: String) throws(SystemError) -> OwnedDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        return OwnedDescriptor(owning: try Syscall.check(operation) { socket(family, kind, 0) })
    }

    private static func bind<Address>(
        _ socket: OwnedDescriptor, _ address: inout Address, _ operation: String
    ) throws(SystemError) {
        let size = socklen_t(MemoryLayout<Address>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket.number, $0, size) }
        }
        if bound != 0 { throw SystemError(errno, operation) }
    }

    /// The port that a socket got.
    ///
    /// The corresponding C function is `getsockname`.
    package static func port(of socket: OwnedDescriptor) -> UInt16? {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.number, $0, &size) }
        }
        // The port of both families is at the same place.
        guard status == 0, [AF_INET, AF_INET6].contains(Int32(address.sin6_family)) else { return nil }
        return UInt16(bigEndian: address.sin6_port)
    }
}
