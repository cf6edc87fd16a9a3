/// A pattern of CELERY_COMMAND_PATTERNS: which commands may run.
///
/// The words of a pattern are separated by blanks, and each is compared with one word of the command: `?` is any character, `*`
/// any number of them. The last word may be `...`: any number of further words. There is no quoting: a `?` matches a blank.
///
/// In the first word, `*` and `?` do not match a slash. A pattern without a slash allows only commands without one, which are
/// searched in the PATH of the worker.
package struct CommandPattern: Sendable, Equatable {
    private let words: [[UInt8]]
    private let isOpen: Bool

    package init(_ text: String) {
        var words = text.split { $0 == " " || $0 == "\t" }.map { Array($0.utf8) }
        isOpen = words.count > 1 && words.last == Array("...".utf8)
        if isOpen { words.removeLast() }
        self.words = words
    }

    /// Whether it allows a command.
    package func matches(_ argv: [[UInt8]]) -> Bool {
        guard !words.isEmpty, isOpen ? argv.count >= words.count : argv.count == words.count else { return false }
        return zip(words, argv).enumerated().allSatisfy { index, pair in
            Self.matches(pair.1[...], pair.0[...], crossing: index > 0)
        }
    }

    /// Compares in a time of at most the product of both lengths.
    ///
    /// - Parameter crossing: Whether wildcards match a slash.
    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>, crossing: Bool) -> Bool {
        let slash = UInt8(ascii: "/")
        var (t, p) = (text.startIndex, pattern.startIndex)
        // The last star, and where the text that it stands for ends.
        var star: (pattern: Int, text: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == text[t] || (pattern[p] == UInt8(ascii: "?") && (crossing || text[t] != slash)) {
                (t, p) = (t + 1, p + 1)
            } else if let last = star, crossing || text[last.text] != slash {
                star = (last.pattern, last.text + 1)
                (t, p) = (last.text + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
