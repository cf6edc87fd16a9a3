import CMicroHTTPD
import Glibc

/// Who is at the other end of a connection.
package struct WebPeer: Sendable, Hashable, CustomStringConvertible {
    /// The bytes of its address: 4 or 16, none for a Unix socket.
    package var address: [UInt8]
    /// Whether it came by a Unix socket, where no browser can come from.
    package var isByFile: Bool
    /// The user it runs as, if the kernel tells: of a Unix socket, and of peers on this machine.
    package var user: UInt32?

    package init(address: [UInt8] = [], isByFile: Bool = false, user: UInt32? = nil) {
        self.address = address
        self.isByFile = isByFile
        self.user = user
    }

    init(_ peer: celery_web_peer) {
        let bytes = withUnsafeBytes(of: peer.address) { Array($0) }
        switch peer.family {
        case AF_INET: address = Array(bytes[..<4])
        case AF_INET6: address = bytes
        default: address = []
        }
        isByFile = peer.family == AF_UNIX
        user = peer.has_user != 0 ? peer.user : nil
    }

    /// What counts as one peer where requests are counted: an address, of IPv6 its network, which a single host has for itself.
    package var network: WebPeer { WebPeer(address: Array(address.prefix(address.count == 16 ? 8 : 4)), isByFile: isByFile, user: user) }

    /// For the log: `10.0.0.7`, `unix`, and the number of the user if known.
    package var description: String {
        let place: String
        switch address.count {
        case 4: place = Self.text(address, AF_INET)
        case 16: place = Self.text(address, AF_INET6)
        default: place = isByFile ? "unix" : "unknown"
        }
        return user.map { "\(place) (uid \($0))" } ?? place
    }

    private static func text(_ address: [UInt8], _ family: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, address, &buffer, socklen_t(buffer.count)) != nil else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
