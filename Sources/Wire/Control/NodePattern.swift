import Glibc

/// A regular expression for names of workers, which a name must begin to match, but not to its end, as in Python's `re.match`.
///
/// The C library matches it, as an extended regular expression (regex(7)). It may be a stranger's: so it is short,
/// and refused unless it means the same to Python. `\d`, `\w`, `\s`, `\b` and their opposites, `(?:...)`, `*?` and the
/// like, and small counts `{2,5}` are understood; references, looking ahead or back, flags, and repetitions inside of
/// what is repeated are not.
struct NodePattern {
    /// In the words of the C library.
    private var expression = "^("

    /// Bytes of an expression.
    private static let longest = 200
    private static let deepest = 20
    /// The C library keeps a copy of a part for each count.
    private static let mostCopies = 100

    /// - Returns: `nil` for what is no such expression, or holds a part that is not understood.
    init?(_ text: String) {
        guard text.utf8.count <= Self.longest, !text.utf8.contains(0) else { return nil }
        var letters = text.unicodeScalars[...]
        var copies = 1
        /// Whether there is a repetition, in all and in each open group.
        var holdsRepetition = [false]
        /// Whether the part that was read last may be repeated. One that holds a repetition may not: the C library
        /// would take hours over `((a?)*(a?)*)*`, and more.
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

    /// Whether a name begins with what the expression describes.
    ///
    /// The corresponding C function is `regexec`.
    func matches(_ name: String) -> Bool {
        guard !name.utf8.contains(0) else { return false }
        return withCompiled(for: name) { compiled in regexec(&compiled, name, 0, nil, 0) == 0 } ?? false
    }

    /// - Returns: `nil` where the C library refuses the expression.
    private func withCompiled<Value>(for name: String, _ body: (inout regex_t) -> Value) -> Value? {
        UTF8Locale.run(for: name, expression) {
            var compiled = regex_t()
            guard regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
            defer { regfree(&compiled) }
            return body(&compiled)
        }
    }

    private mutating func add(_ letter: Unicode.Scalar) { expression.unicodeScalars.append(letter) }

    /// `*?` takes as little as it can, which changes nothing about whether there is a match.
    private static func skipMarkOfLeast(_ letters: inout Substring.UnicodeScalarView) {
        if letters.first == "?" { letters.removeFirst() }
    }

    /// The rest of `{2}`, `{2,}`, `{,5}` or `{2,5}`, and its largest number.
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

    /// The meaning of a letter behind a backslash. Letters and digits mostly have one that is not understood here.
    private static func meaning(_ letter: Unicode.Scalar) -> String? {
        switch letter {
        case "d": "[0-9]"
        case "D": "[^0-9]"
        case "w", "W", "s", "S", "b", "B": "\\\(letter)"
        case _ where letter.properties.isAlphabetic || ("0"..."9").contains(letter): nil
        default: literal(letter)
        }
    }

    /// The rest of a set of letters: `abc]`, `^a-z]`, `\w.-]`.
    private static func set(_ letters: inout Substring.UnicodeScalarView) -> String? {
        var set = "["
        var isFirst = true
        while let letter = letters.popFirst() {
            switch letter {
            case "^" where set == "[": break
            case "]" where !isFirst: return set + "]"
            case "[":
                // These begin names of classes to the C library, and are letters to Python.
                if let next = letters.first, ":.=".unicodeScalars.contains(next) { return nil }
                isFirst = false
            case "\\":
                // A class ends no range.
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
