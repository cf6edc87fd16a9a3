import CeleryCore

/// Plain text as roff source that groff and mandoc render unchanged.
enum Roff {
    /// Text to be copied literally: option names, commands, file names.
    static func literal(_ text: String) -> String { escape(text, hyphen: "\\-") }

    /// Running text. Hyphens stay hyphens, except in options (words that begin with a dash or contain two),
    /// which must be searchable and copyable.
    static func prose(_ text: String) -> String {
        text.split(separator: " ").map { word in
            let isOption = word.contains(text: "--") || word.drop { "('\"[".contains($0) }.first == "-"
            return escape(String(word), hyphen: isOption ? "\\-" : "-")
        }.joined(separator: " ")
    }

    /// Escaped text as source lines of at most 78 columns, none of which roff would read as a request.
    static func lines(_ escaped: String) -> [String] {
        TextWrap.lines(escaped, width: 76).map { line in
            line.hasPrefix(".") || line.hasPrefix("'") ? "\\&\(line)" : line
        }
    }

    static func bold(_ text: String) -> String { "\\fB\(literal(text))\\fR" }
    static func italic(_ text: String) -> String { "\\fI\(literal(text))\\fR" }

    /// A macro's argument in quotes.
    static func quoted(_ text: String) -> String { "\"\(literal(text))\"" }

    private static func escape(_ text: String, hyphen: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\e"
            case "-": escaped += hyphen
            case "'": escaped += "\\(aq"
            case "\"": escaped += "\\(dq"
            case "`": escaped += "\\(ga"
            case "^": escaped += "\\(ha"
            case "~": escaped += "\\(ti"
            case _ where scalar.isASCII: escaped.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                escaped += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
            }
        }
        return escaped
    }
}
