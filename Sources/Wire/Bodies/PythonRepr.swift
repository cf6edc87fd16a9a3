package import CeleryCore

/// Arguments as text for logs and events (the headers `argsrepr` and `kwargsrepr`): similar to Python's `repr`, but limited
/// in length and depth.
///
/// Workers only display this text. Like Celery's own writer, and unlike `repr`, it escapes only quotes in text; after the
/// limit, `, ...` and the closing brackets follow, so the result may exceed the limit by some characters.
package enum PythonRepr {
    /// Default length limit of a header, in characters.
    package static let limit = 1_024

    /// Positional arguments, as a Python tuple.
    package static func args(_ args: [JSON], limit: Int = limit) -> String {
        var writer = PythonReprWriter(budget: limit)
        writer.append(args, open: "(", close: args.count == 1 ? ",)" : ")")
        return writer.text
    }

    /// Keyword arguments, as a Python dictionary.
    package static func kwargs(_ kwargs: JSONObject, limit: Int = limit) -> String {
        text(of: .object(kwargs), limit: limit)
    }

    /// Arguments as monitors may see them.
    package static func texts(_ arguments: TaskArguments, _ redaction: Redaction) -> (args: String, kwargs: String) {
        // Of megabytes, only the beginning is searched for secret values.
        let head = TaskArguments(
            args: arguments.args.prefix(limit).map(head), kwargs: head(.object(arguments.kwargs)).objectValue ?? [:])
        guard let shown = redaction.shown(head) else { return (Redaction.leftOut, Redaction.leftOut) }
        return (args(shown.args), kwargs(shown.kwargs))
    }

    /// At least as much of a value as `text` shows.
    private static func head(_ value: JSON) -> JSON {
        switch value {
        case .string(let text):
            text.utf8.count > 4 * limit ? .string(String(text.unicodeScalars.prefix(2 * limit))) : value
        case .array(let elements): .array(elements.prefix(limit).map(head))
        case .object(let object): .object(JSONObject(distinct: object.members.prefix(limit).map { ($0.key, head($0.value)) }))
        default: value
        }
    }

    /// Any value; arrays become lists.
    package static func text(of value: JSON, limit: Int = limit) -> String {
        var writer = PythonReprWriter(budget: limit)
        writer.append(value)
        return writer.text
    }
}

/// Writes until the budget is used up, then only closing brackets.
private struct PythonReprWriter {
    private(set) var text = ""
    /// Remaining characters; may become negative.
    private var budget: Int
    private var isExhausted = false
    private var depth = 0

    /// Maximum bracket depth; deeper brackets are written as `[...]`.
    private static let deepest = 3

    init(budget: Int) { self.budget = budget }

    mutating func append(_ value: JSON) {
        guard !isExhausted else { return }
        switch value {
        case .null: appendWord("None")
        case .bool(let value): appendWord(value ? "True" : "False")
        case .int(let value): appendWord(String(value))
        case .bigInteger(let digits): appendWord(digits)
        case .double(let value, let spelling): appendWord(spelling.text ?? value.pythonRepr)
        case .string(let text): appendQuoted(text)
        case .array(let elements): append(elements, open: "[", close: "]")
        case .object(let object): if !appendBytes(value) { append(object) }
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

    /// Appends the object of bytes as Python's `repr` of them, `b'caf\\xe9'`.
    ///
    /// - Returns: Whether the value is such an object.
    private mutating func appendBytes(_ value: JSON) -> Bool {
        guard let bytes = value.binaryValue else { return false }
        var text = "b'"
        // More would be cut.
        for byte in bytes.prefix(max(0, budget)) {
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
            case UInt8(ascii: "\n"): text += "\\n"
            case UInt8(ascii: "\r"): text += "\\r"
            case UInt8(ascii: "\t"): text += "\\t"
            case 0x20..<0x7F: text.unicodeScalars.append(UnicodeScalar(byte))
            default: text += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
            }
        }
        appendWord(text + "'")
        return true
    }

    private mutating func enclose(_ open: String, _ close: String, _ content: (inout Self) -> Void) {
        guard depth < Self.deepest else { return appendWord("\(open)...\(close)") }
        appendToken(open)
        if !isExhausted {
            depth += 1
            content(&self)
            depth -= 1
        }
        // Closing brackets are written even after the budget is used up.
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

    /// The text, or the whole words that fit, followed by `...`.
    private func cut(_ text: String) -> String {
        // A character has at least one byte, so this usually avoids counting characters.
        guard text.utf8.count >= budget else { return text }
        let scalars = text.unicodeScalars
        guard budget > 0, let end = scalars.index(scalars.startIndex, offsetBy: budget, limitedBy: scalars.endIndex)
        else { return text }
        let head = scalars[..<end]
        return String(head[..<(head.lastIndex(of: " ") ?? end)]) + "..."
    }
}
