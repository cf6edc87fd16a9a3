/// Patterns of a shell, as Python's `fnmatch` reads them: `*`, `?`, `[abc]`, `[!abc]`.
package enum Glob {
    /// Takes time in proportion to both lengths, whatever the pattern: it may be a stranger's.
    package static func matches(_ text: String, _ pattern: String) -> Bool {
        let text = Array(text.unicodeScalars)
        let pattern = Array(pattern.unicodeScalars)
        var (place, next) = (0, 0)
        /// After the last star, and how much of the text that star has taken.
        var star: (next: Int, place: Int)?
        while true {
            if next < pattern.count, pattern[next] == "*" {
                next += 1
                star = (next, place)
            } else if place < text.count, let after = step(text[place], pattern, next) {
                place += 1
                next = after
            } else if place == text.count && next == pattern.count {
                return true
            } else if let last = star, last.place < text.count {
                // No other star needs to be thought of: the last may take what an earlier one could.
                star = (last.next, last.place + 1)
                (place, next) = (last.place + 1, last.next)
            } else {
                return false
            }
        }
    }

    /// Matches one letter with what stands at `next`, which is no star.
    /// - Returns: where the pattern goes on; `nil` when it does not match.
    private static func step(_ letter: Unicode.Scalar, _ pattern: [Unicode.Scalar], _ next: Int) -> Int? {
        guard next < pattern.count else { return nil }
        if pattern[next] == "?" { return next + 1 }
        guard pattern[next] == "[", let end = endOfSet(pattern, next) else {
            return pattern[next] == letter ? next + 1 : nil
        }
        var set = pattern[(next + 1)..<end]
        let isNegated = set.first == "!"
        if isNegated { set = set.dropFirst() }
        return contains(set, letter) != isNegated ? end + 1 : nil
    }

    /// The bracket that closes a set; one that comes first is a member.
    private static func endOfSet(_ pattern: [Unicode.Scalar], _ start: Int) -> Int? {
        var first = start + 1
        if first < pattern.count, pattern[first] == "!" { first += 1 }
        if first < pattern.count, pattern[first] == "]" { first += 1 }
        return pattern[min(first, pattern.count)...].firstIndex(of: "]")
    }

    private static func contains(_ set: ArraySlice<Unicode.Scalar>, _ letter: Unicode.Scalar) -> Bool {
        var set = set
        while let low = set.popFirst() {
            if set.first == "-", let high = set.dropFirst().first {
                if low <= letter && letter <= high { return true }
                set = set.dropFirst(2)
            } else if low == letter {
                return true
            }
        }
        return false
    }
}
