extension StringProtocol {
    /// Untrusted text for a log: one line, no control characters, limited length.
    package var forLog: String { inOneLine(limit: 200) }

    /// The same without a length limit.
    package var inOneLine: String { inOneLine(limit: .max) }

    /// Text of several lines for a log or terminal: line feeds and tabs stay; any other character that moves the cursor, hides
    /// text or starts an escape sequence is shown by its number.
    package var printable: String {
        isPlain { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") }
            ? String(self) : escaped(limit: .max) { $0 == "\n" || $0 == "\t" }
    }

    /// The first `limit` characters in one line, followed by three dots if there are more.
    package func inOneLine(limit: Int) -> String {
        isPlain { _ in false } && utf8.count <= limit ? String(self) : escaped(limit: limit) { _ in false }
    }

    /// JSON text for the same value, with escapes for characters that a terminal interprets.
    package var printableJSON: String {
        if isPlain({ _ in false }) { return String(self) }
        var text = ""
        for scalar in unicodeScalars {
            guard scalar.isUnprintable, scalar != "\n" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            for unit in UTF16.encode(scalar)! {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }

    /// Whether every byte is printable ASCII, as in nearly all text, or satisfies `isKept`.
    private func isPlain(_ isKept: (UInt8) -> Bool) -> Bool {
        utf8.allSatisfy { (0x20...0x7E).contains($0) || isKept($0) }
    }

    private func escaped(limit: Int, _ isKept: (Unicode.Scalar) -> Bool) -> String {
        var text = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            if count == limit { return text + "..." }
            if !isKept(scalar), scalar.isUnprintable {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// Whether a terminal would interpret the character, or show nothing.
    package var isUnprintable: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}

extension Sequence<String> {
    /// A table row: the fields separated by tabs, in one line whatever they contain.
    package var row: String { map(\.inOneLine).joined(separator: "\t") }
}
