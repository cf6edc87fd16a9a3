import Glibc

/// Shell patterns as Python's `fnmatch` reads them: `*`, `?`, `[abc]`, `[!abc]`; and also `[[:alpha:]]`.
package enum Glob {
    /// Whether the pattern matches the whole text. Never takes exponential time: the pattern may be untrusted.
    ///
    /// The corresponding C function is `fnmatch`.
    package static func matches(_ text: String, _ pattern: String) -> Bool {
        // C strings would end at a zero byte.
        guard !text.utf8.contains(0), !pattern.utf8.contains(0) else { return false }
        // To Python a backslash is an ordinary character, and so is ^ in [^a].
        var escaped: [UInt8] = []
        for byte in pattern.utf8 {
            if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "^") { escaped.append(UInt8(ascii: "\\")) }
            escaped.append(byte)
        }
        return UTF8Locale.run(for: text, pattern) { fnmatch(String(decoding: escaped, as: UTF8.self), text, 0) == 0 }
    }
}
