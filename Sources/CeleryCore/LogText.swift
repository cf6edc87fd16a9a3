extension StringProtocol {
    /// Text of a stranger as a log may have it: in one line, without control characters, and not endless.
    package var forLog: String { inOneLine(limit: 200) }

    /// The same to its end, for those who asked for it.
    package var inOneLine: String { inOneLine(limit: .max) }

    private func inOneLine(limit: Int) -> String {
        var text = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            if count == limit { return text + "..." }
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format: text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
