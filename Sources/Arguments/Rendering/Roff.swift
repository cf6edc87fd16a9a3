import CeleryCore

/// Plain text as roff source, of which groff and mandoc make the same letters again.
enum Roff {
    /// Text of which every letter is meant: option names, commands, file names.
    static func literal(_ text: String) -> String { escape(text, hyphen: "\\-") }

    /// Running text. Its hyphens stay hyphens, except in words that begin with a dash or hold two,
    /// which are options and must be found and copied as they are typed.
    static func prose(_ text: String) -> String {
        text.split(separator: " ").map { word in
            let isOption = word.contains(text: "--") || word.drop { "('\"[".contains($0) }.first == "-"
            return escape(String(word), hyphen: isOption ? "\\-" : "-")
        }.joined(separator: " ")
    }

    /// Escaped text as source lines of at most 78 columns, none of which roff takes for a request.
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
