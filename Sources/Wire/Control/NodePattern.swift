import Glibc

/// A regular expression that must match the beginning of a worker's name, as in Python's `re.match`.
///
/// The C library matches it as an extended regular expression (regex(7)). The expression may be untrusted, so its length is
/// limited, and it is refused unless it has the same meaning in Python. Supported: `\d`, `\w`, `\s`, `\b` and their opposites,
/// `(?:...)`, `*?` and similar, and small counts `{2,5}`. Not supported: references, lookahead and lookbehind, flags, and
/// repetitions inside repetitions.
struct NodePattern {
    /// The expression in the C library's syntax.
    private var expression = "^("

    /// Length limit of an expression, in bytes.
    private static let longest = 200
    private static let deepest = 20
    /// The C library copies the repeated part for each count.
    private static let mostCopies = 100

    /// - Returns: `nil` for an invalid or unsupported expression.
    init?(_ text: String) {
        guard text.utf8.count <= Self.longest, !text.utf8.contains(0) else { return nil }
        var letters = text.unicodeScalars[...]
        var copies = 1
        /// Whether there is a repetition, in all and in each open group.
        var holdsRepetition = [false]
        /// Whether the last part may be repeated. A part that contains a repetition may not: the C library would take hours for
        /// `((a?)*(a?)*)*` and the like.
        var isRepeatable = false
        while let letter = letters.popFirst() {
            switch letter {
            case "*", "+", "?":
                guard isRepeatable else { return nil }
                add(letter)
                Self.skipMarkOfLeast(&letters)
                holdsRepetition[holdsRepetition.count - 1] = true
                isRepeatable = false
            case "{":
                guard isRepeatable, let (count, largest) = Self.count(&letters) else { return nil }
                copies *= largest
                guard copies <= Self.mostCopies else { return nil }
                expression += count
                Self.skipMarkOfLeast(&letters)
                holdsRepetition[holdsRepetition.count - 1] = true
                isRepeatable = false
            case "(":
                if letters.first == "?" {
                    guard letters.dropFirst().first == ":" else { return nil }
                    letters = letters.dropFirst(2)
                }
                guard holdsRepetition.count <= Self.deepest else { return nil }
                holdsRepetition.append(false)
                add(letter)
                isRepeatable = false
            case ")":
                guard holdsRepetition.count > 1, let held = holdsRepetition.popLast() else { return nil }
                if held { holdsRepetition[holdsRepetition.count - 1] = true }
                add(letter)
                isRepeatable = !held
            case "|", "^", "$":
                add(letter)
                isRepeatable = false
            case ".":
                add(letter)
                isRepeatable = true
            case "[":
                guard let set = Self.set(&letters) else { return nil }
                expression += set
                isRepeatable = true
            case "\\":
                guard let escaped = letters.popFirst(), let meaning = Self.meaning(escaped) else { return nil }
                expression += meaning
                isRepeatable = escaped != "b" && escaped != "B"
            default:
                expression += Self.literal(letter)
                isRepeatable = true
            }
        }
        guard holdsRepetition.count == 1 else { return nil }
        expression += ")"
        guard withCompiled(for: "", { _ in true }) == true else { return nil }
    }

    /// Whether the expression matches the beginning of a name.
    ///
    /// The corresponding C function is `regexec`.
    func matches(_ name: String) -> Bool {
        guard !name.utf8.contains(0) else { return false }
        return withCompiled(for: name) { compiled in regexec(&compiled, name, 0, nil, 0) == 0 } ?? false
    }

    /// - Returns: `nil` when the C library refuses the expression.
    private func withCompiled<Value>(for name: String, _ body: (inout regex_t) -> Value) -> Value? {
        UTF8Locale.run(for: name, expression) {
            var compiled = regex_t()
            guard regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
            defer { regfree(&compiled) }
            return body(&compiled)
        }
    }

    private mutating func add(_ letter: Unicode.Scalar) { expression.unicodeScalars.append(letter) }

    /// Skips the `?` of a non-greedy repetition such as `*?`, which does not change whether there is a match.
    private static func skipMarkOfLeast(_ letters: inout Substring.UnicodeScalarView) {
        if letters.first == "?" { letters.removeFirst() }
    }

    /// Parses the rest of `{2}`, `{2,}`, `{,5}` or `{2,5}`. Returns it with its largest number.
    private static func count(_ letters: inout Substring.UnicodeScalarView) -> (String, Int)? {
        guard let close = letters.firstIndex(of: "}") else { return nil }
        let parts = letters[..<close].split(separator: ",", omittingEmptySubsequences: false)
        letters = letters[close...].dropFirst()
        let numbers = parts.map { Int(String($0)) }
        let isCount = zip(parts, numbers).allSatisfy { part, number in
            part.isEmpty || part.first.map { ("0"..."9").contains($0) } == true && number != nil
        }
        guard isCount, (1...2).contains(parts.count), let largest = numbers.compactMap({ $0 }).max() else { return nil }
        return ("{\(parts.map { String($0) }.joined(separator: ","))}", max(1, largest))
    }

    private static func literal(_ letter: Unicode.Scalar) -> String {
        ".[]{}()*+?|^$\\".unicodeScalars.contains(letter) ? "\\\(letter)" : String(letter)
    }

    /// The meaning of a character after a backslash; `nil` for most letters and digits, which are unsupported.
    private static func meaning(_ letter: Unicode.Scalar) -> String? {
        switch letter {
        case "d": "[0-9]"
        case "D": "[^0-9]"
        case "w", "W", "s", "S", "b", "B": "\\\(letter)"
        case _ where letter.properties.isAlphabetic || ("0"..."9").contains(letter): nil
        default: literal(letter)
        }
    }

    /// Parses the rest of a character set: `abc]`, `^a-z]`, `\w.-]`.
    private static func set(_ letters: inout Substring.UnicodeScalarView) -> String? {
        var set = "["
        var isFirst = true
        while let letter = letters.popFirst() {
            switch letter {
            case "^" where set == "[": break
            case "]" where !isFirst: return set + "]"
            case "[":
                // In the C library these begin class names; in Python they are ordinary characters.
                if let next = letters.first, ":.=".unicodeScalars.contains(next) { return nil }
                isFirst = false
            case "\\":
                // A class cannot end a range.
                guard let kind = letters.popFirst(), !set.hasSuffix("-") || isFirst else { return nil }
                switch kind {
                case "d": set += "0-9"
                case "w": set += "[:alnum:]_"
                case "s": set += "[:space:]"
                case ".": set += "."
                default: return nil
                }
                if kind != ".", letters.first == "-", letters.dropFirst().first != "]" { return nil }
                isFirst = false
                continue
            default: isFirst = false
            }
            set.unicodeScalars.append(letter)
            if letter == "]" { isFirst = false }
        }
        return nil
    }
}
