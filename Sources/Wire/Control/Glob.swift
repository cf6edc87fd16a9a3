import Glibc

/// Patterns of a shell, as Python's `fnmatch` reads them: `*`, `?`, `[abc]`, `[!abc]`; and `[[:alpha:]]` besides.
package enum Glob {
    /// Whether all of a text is what the pattern describes. Takes no exponential time, as the pattern may be a stranger's.
    ///
    /// The corresponding C function is `fnmatch`.
    package static func matches(_ text: String, _ pattern: String) -> Bool {
        // C would cut them there.
        guard !text.utf8.contains(0), !pattern.utf8.contains(0) else { return false }
        // To Python a backslash is a letter like others, and so is ^ in [^a].
        var escaped: [UInt8] = []
        for byte in pattern.utf8 {
            if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "^") { escaped.append(UInt8(ascii: "\\")) }
            escaped.append(byte)
        }
        return UTF8Locale.run(for: text, pattern) { fnmatch(String(decoding: escaped, as: UTF8.self), text, 0) == 0 }
    }
}
