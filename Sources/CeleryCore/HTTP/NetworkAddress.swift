import Glibc

/// An IPv4 or IPv6 address, and whether it belongs to the public network.
package struct NetworkAddress: Sendable, Hashable {
    /// 4 or 16 bytes. An IPv4 address inside of an IPv6 one (`::ffff:1.2.3.4`) is the former.
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        self.bytes = bytes.count == 16 && bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
    }

    /// Reads four decimal numbers, or an IPv6 address without brackets; `nil` for anything else.
    ///
    /// The corresponding C function is `inet_pton`.
    package init?(_ text: some StringProtocol) {
        var four = in_addr()
        var sixteen = in6_addr()
        let text = String(text)
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(withUnsafeBytes(of: &four) { Array($0) })
        } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
            self.init(withUnsafeBytes(of: &sixteen) { Array($0) })
        } else {
            return nil
        }
    }

    package var isLoopback: Bool { bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1] }

    /// Whether it is an address of the internet: not one of this machine, of a link, of a private network, for several receivers,
    /// for documentation or reserved. From IANA's registries of special-purpose addresses (RFC 6890).
    package var isPublic: Bool {
        guard bytes.count == 16 else { return bytes.count == 4 && !Self.special.contains { $0.contains(self) } }
        // Addresses of IPv4 hosts, as translators write them: 64:ff9b::/96, and 6to4.
        if Self.translated.contains(self) { return NetworkAddress(Array(bytes[12...])).isPublic }
        if Self.sixToFour.contains(self) { return NetworkAddress(Array(bytes[2..<6])).isPublic }
        return Self.global.contains(self) && !Self.special.contains { $0.contains(self) }
    }

    private static func network(_ text: String) -> NetworkRange { NetworkRange(text)! }

    private static let global = network("2000::/3")
    private static let translated = network("64:ff9b::/96")
    private static let sixToFour = network("2002::/16")
    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        // Teredo, benchmarks, ORCHID, and documentation.
        "2001::/23", "2001:db8::/32", "3fff::/20",
    ].map(network)
}

/// The addresses that share their first bits: `10.0.0.0/8`; a single address without a slash.
package struct NetworkRange: Sendable, Hashable {
    private let first: NetworkAddress
    private let bits: Int

    /// `nil` for a text that is neither an address nor a network.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = NetworkAddress(parts[0]) else { return nil }
        self.first = first
        let most = first.bytes.count * 8
        guard parts.count == 2 else {
            bits = most
            return
        }
        guard parts[1].utf8.count <= 3, let bits = Int(parts[1]), 0...most ~= bits else { return nil }
        self.bits = bits
    }

    package func contains(_ address: NetworkAddress) -> Bool {
        guard address.bytes.count == first.bytes.count else { return false }
        let whole = bits / 8
        guard address.bytes[..<whole] == first.bytes[..<whole] else { return false }
        let rest = bits % 8
        return rest == 0 || (address.bytes[whole] ^ first.bytes[whole]) >> (8 - rest) == 0
    }
}
