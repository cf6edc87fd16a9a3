import Glibc
import Processes

/// A connection to a server, over which a test sends whatever bytes it likes. Blocks.
package final class RawConnection: Sendable {
    private let descriptor: OwnedDescriptor

    /// Connects to a port of 127.0.0.1.
    package init(port: UInt16) throws {
        descriptor = try Self.make(AF_INET)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try connect(&address)
    }

    /// Connects to a socket in the file system.
    package init(path: String) throws {
        descriptor = try Self.make(AF_UNIX)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        try connect(&address)
    }

    private static func make(_ family: Int32) throws -> OwnedDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = OwnedDescriptor(owning: try Syscall.check("make socket") { socket(family, kind, 0) })
        // Only a mistake takes so long.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    private func connect<Address>(_ address: inout Address) throws {
        let size = socklen_t(MemoryLayout<Address>.size)
        _ = try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try Syscall.check("connect") { Glibc.connect(descriptor.number, address, size) }
            }
        }
    }

    /// Sends bytes; those to a server that has hung up are lost.
    package func send(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Receives until there is enough, or the server hangs up.
    package func receive(until isEnough: (String) -> Bool) throws -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if isEnough(text) { return text }
            let count = recv(descriptor.number, &chunk, chunk.count, 0)
            if count < 0, errno == EAGAIN { throw SystemError(EAGAIN, "receive", reason: "nothing more came after: \(text)") }
            guard count > 0 else { return text }
            bytes += chunk[..<count]
        }
    }

    /// Receives an answer whose length its header tells.
    package func receiveAnswer() throws -> String {
        try receive { text in
            guard let end = text.ranges(of: "\r\n\r\n").first else { return false }
            let head = text[..<end.lowerBound].lowercased()
            guard let length = head.split(separator: "\r\n").first(where: { $0.hasPrefix("content-length:") }) else { return false }
            return text[end.upperBound...].utf8.count >= Int(length.split(separator: " ").last ?? "") ?? 0
        }
    }

    /// Whether the server has hung up, which is waited for.
    package func isEnded() throws -> Bool { try receive { _ in false }.isEmpty }

    package func close() { descriptor.close() }
}
