/// A command for a Memcached server, in its text protocol (protocol.txt of memcached).
///
/// Keys are sent as they are: check them with `MemcachedKey` first.
package enum MemcachedCommand: Sendable, Equatable {
    /// Values with their versions: `gets`.
    case get([String])
    /// Stores a value whether there is one or not.
    case set(String, [UInt8], expires: Int)
    /// Stores a value if there is none.
    case add(String, [UInt8], expires: Int)
    /// Stores a value if the present one has this version: `cas`.
    case replace(String, [UInt8], expires: Int, version: UInt64)
    case delete(String)
    case increment(String)
    /// Gives a value another time.
    case touch(String, expires: Int)
    /// Asks which version of memcached the server is.
    case version

    /// The name, as errors show it.
    package var name: String {
        switch self {
        case .get: "gets"
        case .set: "set"
        case .add: "add"
        case .replace: "cas"
        case .delete: "delete"
        case .increment: "incr"
        case .touch: "touch"
        case .version: "version"
        }
    }

    /// The first key; by it the server is chosen.
    package var key: String {
        switch self {
        case .get(let keys): keys.first ?? ""
        case .set(let key, _, _), .add(let key, _, _), .replace(let key, _, _, _), .delete(let key), .increment(let key),
            .touch(let key, _):
            key
        case .version: ""
        }
    }

    /// Appends the command.
    package func encode(to output: inout [UInt8]) {
        func line(_ text: String) {
            output.append(contentsOf: text.utf8)
            output += [0x0D, 0x0A]
        }
        // Flags 0: bytes, which every client of Python reads as they are.
        func store(_ key: String, _ value: [UInt8], _ expires: Int, _ rest: String = "") {
            line("\(name) \(key) 0 \(expires) \(value.count)\(rest)")
            output += value
            output += [0x0D, 0x0A]
        }
        switch self {
        case .get(let keys): line("gets " + keys.joined(separator: " "))
        case .set(let key, let value, let expires), .add(let key, let value, let expires): store(key, value, expires)
        case .replace(let key, let value, let expires, let version): store(key, value, expires, " \(version)")
        case .delete(let key): line("delete \(key)")
        case .increment(let key): line("incr \(key) 1")
        case .touch(let key, let expires): line("touch \(key) \(expires)")
        case .version: line("version")
        }
    }

    /// A time to keep a value, as the protocol counts it: seconds up to thirty days, beyond them the time of day at which it goes.
    ///
    /// - Parameters:
    ///   - seconds: `nil`, zero or infinity for ever.
    ///   - now: Seconds since 1970.
    package static func expiry(_ seconds: Double?, now: Double) -> Int {
        guard let seconds, seconds.isFinite, seconds > 0 else { return 0 }
        let whole = seconds.rounded(.up)
        // The greatest time is that of the server's clock, which has 32 bits and no sign in the oldest.
        return Int(whole <= 30 * 86_400 ? whole : min(now.rounded(.up) + whole, 4_294_967_295))
    }
}

/// What may be a key.
package enum MemcachedKey {
    /// Bytes of a key at most (`KEY_MAX_LENGTH`).
    package static let limit = 250

    /// What is wrong with a key; `nil` for one that can be sent.
    package static func fault(in key: String) -> String? {
        if key.isEmpty { return "is empty" }
        if key.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { return "has a space or control character in it" }
        if key.utf8.count > limit { return "is longer than the \(limit) bytes that Memcached allows" }
        return nil
    }
}
