import CeleryCore

/// A Lua script that a server runs as one step.
package struct RedisScript: Sendable, Equatable {
    package let source: String
    /// The name by which a server knows it: the SHA-1 of its source, in hexadecimal.
    package let hash: String

    /// - Parameter source: Lua 5.1, with the keys in KEYS and the other words in ARGV.
    package init(_ source: String) {
        self.source = source
        hash = SHA1.hexadecimal(Array(source.utf8))
    }

    package static func == (left: Self, right: Self) -> Bool { left.hash == right.hash }
}
