extension StringProtocol {
    /// Text of a stranger as a log may have it: in one line, without control characters, and not endless.
    package var forLog: String { inOneLine(limit: 200) }

    /// The same to its end, for those who asked for it.
    package var inOneLine: String { inOneLine(limit: .max) }

    /// Text of several lines as a log or a terminal may have it: line feeds and tabs stay, and every other
    /// character that moves a cursor, hides text or begins an escape sequence is shown by its number.
    package var printable: String {
        isPlain { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") }
            ? String(self) : escaped(limit: .max) { $0 == "\n" || $0 == "\t" }
    }

    /// The first `limit` characters in one line; three dots say that there are more.
    package func inOneLine(limit: Int) -> String {
        isPlain { _ in false } && utf8.count <= limit ? String(self) : escaped(limit: limit) { _ in false }
    }

    /// JSON text that stands for the same value, with an escape in place of each character that a terminal acts on.
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

    /// Whether each byte is printable ASCII, as nearly all text is, or one that `isKept`.
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
    /// Whether a terminal would act on it, or show nothing at all.
    package var isUnprintable: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}

extension Sequence<String> {
    /// A row of a table: the fields with tabs between, all in one line, whatever they hold.
    package var row: String { map(\.inOneLine).joined(separator: "\t") }
}
