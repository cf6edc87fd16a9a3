package import CeleryCore

/// Arguments as Celery shows them in logs and events (the headers `argsrepr` and
/// `kwargsrepr`): near to Python's `repr`, but bounded in length and depth.
///
/// Workers only display it. Celery's own writer differs from `repr` in that text is
/// not escaped but for the quote, and once the limit is reached, `, ...` and the
/// closing brackets follow; so the result may be some characters over the limit.
package enum PythonRepr {
    /// Characters of a header, unless a caller says otherwise.
    package static let limit = 1_024

    /// Positional arguments, as the tuple a Python caller would have passed.
    package static func args(_ args: [JSON], limit: Int = limit) -> String {
        var writer = PythonReprWriter(budget: limit)
        writer.append(args, open: "(", close: args.count == 1 ? ",)" : ")")
        return writer.text
    }

    /// Keyword arguments, as a dictionary.
    package static func kwargs(_ kwargs: JSONObject, limit: Int = limit) -> String {
        text(of: .object(kwargs), limit: limit)
    }

    /// Any value; arrays are lists.
    package static func text(of value: JSON, limit: Int = limit) -> String {
        var writer = PythonReprWriter(budget: limit)
        writer.append(value)
        return writer.text
    }
}

/// Writes pieces until the budget is used up, then only what closes brackets.
private struct PythonReprWriter {
    private(set) var text = ""
    /// Characters left; text is cut to it, so it may end below zero.
    private var budget: Int
    private var isExhausted = false
    private var depth = 0

    /// Brackets within brackets within brackets are shown, a fourth pair as `[...]`.
    private static let deepest = 3

    init(budget: Int) { self.budget = budget }

    mutating func append(_ value: JSON) {
        guard !isExhausted else { return }
        switch value {
        case .null: appendWord("None")
        case .bool(let value): appendWord(value ? "True" : "False")
        case .int(let value): appendWord(String(value))
        case .bigInteger(let digits): appendWord(digits)
        case .double(let value): appendWord(value.pythonRepr)
        case .string(let text): appendQuoted(text)
        case .array(let elements): append(elements, open: "[", close: "]")
        case .object(let object): append(object)
        }
    }

    mutating func append(_ elements: [JSON], open: String, close: String) {
        enclose(open, close) { writer in
            for (index, element) in elements.enumerated() {
                if index > 0 { writer.appendToken(", ") }
                if writer.isExhausted { return }
                writer.append(element)
            }
        }
    }

    private mutating func append(_ object: JSONObject) {
        enclose("{", "}") { writer in
            for (index, member) in object.members.enumerated() {
                if index > 0 { writer.appendToken(", ") }
                writer.appendQuoted(member.key)
                writer.appendToken(": ")
                if writer.isExhausted { return }
                writer.append(member.value)
            }
        }
    }

    private mutating func enclose(_ open: String, _ close: String, _ content: (inout Self) -> Void) {
        guard depth < Self.deepest else { return appendWord("\(open)...\(close)") }
        appendToken(open)
        if !isExhausted {
            depth += 1
            content(&self)
            depth -= 1
        }
        // Closing brackets still to come when the budget ran out are written in any case.
        if isExhausted { text += close } else { appendToken(close) }
    }

    private mutating func appendQuoted(_ value: String) {
        guard !isExhausted else { return }
        guard budget > 0 else { return exhaust() }
        var content = cut(value)
        if content.utf8.contains(UInt8(ascii: "'")) {
            content = content.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'")
        }
        appendToken("'\(content)'")
    }

    private mutating func appendWord(_ word: String) { appendToken(cut(word)) }

    private mutating func appendToken(_ token: String) {
        guard !isExhausted else { return }
        guard budget > 0 else { return exhaust() }
        text += token
        budget -= token.unicodeScalars.count
    }

    private mutating func exhaust() {
        text += ", ..."
        isExhausted = true
    }

    /// The text, or when it does not fit, its whole words that do, and `...`.
    private func cut(_ text: String) -> String {
        // A character has one byte or more, so this spares counting them.
        guard text.utf8.count >= budget else { return text }
        let scalars = text.unicodeScalars
        guard budget > 0, let end = scalars.index(scalars.startIndex, offsetBy: budget, limitedBy: scalars.endIndex)
        else { return text }
        let head = scalars[..<end]
        return String(head[..<(head.lastIndex(of: " ") ?? end)]) + "..."
    }
}
