/// A pattern for the names of tasks that may be submitted by HTTP: `shop.*`, `mail.send`.
///
/// `*` stands for any text, dots included; every other character stands for itself. No pattern matches the names of Celery's
/// own tasks, `celery.*`, among which are signed commands.
package struct SubmissionPattern: Sendable, Hashable, CustomStringConvertible {
    /// As written.
    package let text: String

    /// What the names of Celery's own tasks begin with.
    private static let reserved = "celery."
    /// Bytes of the longest pattern, and of the longest name of a task in an address.
    package static let longest = 255

    /// - Returns: `nil` for text that is no pattern, or that could match only Celery's own tasks.
    package init?(_ text: String) {
        guard Self.isName(text), !Self.isReserved(text), Self.refused.isDisjoint(with: text.utf8) else { return nil }
        self.text = text
    }

    /// The wildcards of other patterns, which would stand for themselves here, and what separates patterns.
    private static let refused = Set("?[]\\,:=".utf8)

    /// By bytes: to `hasPrefix`, a dot and a combining accent behind it are one character, and no dot.
    private static func isReserved(_ name: String) -> Bool { name.utf8.starts(with: reserved.utf8) }

    /// Whether a text could be the name of a task: without spaces and control characters.
    package static func isName(_ text: String) -> Bool {
        (1...longest).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    package var description: String { text }

    /// Whether it is the name of one task.
    package var isName: Bool { !text.utf8.contains(Self.star) }

    private static let star = UInt8(ascii: "*")

    /// Whether tasks of this name may be submitted. Takes a time of at most the product of both lengths.
    package func matches(_ name: String) -> Bool {
        guard Self.isName(name), !Self.isReserved(name) else { return false }
        let (name, pattern) = (Array(name.utf8), Array(text.utf8))
        var (n, p) = (0, 0)
        // The last star, and where the text that it stands for ends.
        var last: (pattern: Int, name: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == Self.star {
                last = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == name[n] {
                (n, p) = (n + 1, p + 1)
            } else if let star = last {
                last = (star.pattern, star.name + 1)
                (n, p) = (star.name + 1, star.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == Self.star }
    }
}
