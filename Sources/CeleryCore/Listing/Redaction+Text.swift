extension Redaction {
    /// A text with hidden values: those of `NAME=VALUE`, `--NAME VALUE` and `NAME: VALUE`, also between quotation marks, as in a
    /// shell's command line, in JSON and in Python's notation of arguments, and the passwords of URLs.
    ///
    /// A value that begins the text ends with it. Within a text it ends with its word or quotation.
    package func applied(to text: String) -> String {
        guard !isEmpty else { return text }
        let text = text.contains(text: "://") ? ServiceURL.redact(within: text) : text
        // Without a secret name there is nothing to look for.
        guard hides(text) else { return text }
        var scan = TextScan(text, self)
        return scan.run()
    }
}

/// One pass over a text, from name to name.
private struct TextScan {
    private let redaction: Redaction
    private let bytes: [UInt8]
    private var shown: [UInt8] = []
    /// Up to here, the text has been shown or hidden.
    private var done = 0
    /// Where the word at hand begins.
    private var start = 0
    /// The character before that; `nil` where the text begins.
    private var opener: UInt8?

    private static let blanks: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
    private static let quotes: Set<UInt8> = [UInt8(ascii: "'"), UInt8(ascii: "\"")]
    private static let delimiters = blanks.union(quotes).union("?&;,|({[<".utf8)
    private static let closers = Set(",)}]".utf8)
    private static let openers = Set("({[".utf8)

    init(_ text: String, _ redaction: Redaction) {
        bytes = Array(text.utf8)
        self.redaction = redaction
    }

    mutating func run() -> String {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if let hidden = hiddenValue(at: index) {
                shown += bytes[done..<hidden.range.lowerBound]
                shown += hidden.mark.utf8
                (done, start, opener) = (hidden.range.upperBound, hidden.range.upperBound, UInt8(ascii: " "))
                // A quotation mark that ends a value begins no name.
                index = max(hidden.range.upperBound, index + 1)
                if hidden.endsAtQuote { (index, start) = (index + 1, index + 1) }
                continue
            }
            if Self.delimiters.contains(byte) { (start, opener) = (index + 1, byte) }
            index += 1
        }
        return String(decoding: shown + bytes[min(done, bytes.count)...], as: UTF8.self)
    }

    private struct Hidden {
        var range: Range<Int>
        var mark = Redaction.mark
        /// Whether the value stands within a quotation, which ends there.
        var endsAtQuote = false
    }

    /// The value to hide, if the character here ends its name.
    private func hiddenValue(at index: Int) -> Hidden? {
        switch bytes[index] {
        case UInt8(ascii: "=") where isSecret(upTo: index): assigned(from: index + 1)
        case UInt8(ascii: ":") where isAlone && isWord(upTo: index) && isSecret(upTo: index): assigned(from: afterBlanks(index + 1))
        case let quote where Self.quotes.contains(quote) && quote == opener && isSecret(upTo: index): quoted(quote, endingAt: index)
        case let blank where Self.blanks.contains(blank) && isOption && isSecret(upTo: index): word(from: afterBlanks(index))
        default: nil
        }
    }

    /// The value of `NAME=VALUE`.
    private func assigned(from first: Int) -> Hidden? {
        guard first < bytes.count else { return nil }
        switch opener {
        case nil: return Hidden(range: first..<bytes.count)
        case let quote? where Self.quotes.contains(quote):
            return Hidden(range: first..<closing(quote, from: first), endsAtQuote: true)
        default: return word(from: first)
        }
    }

    /// What follows a quoted name: `'NAME': VALUE`, or `'--NAME', 'VALUE'`.
    private func quoted(_ quote: UInt8, endingAt index: Int) -> Hidden? {
        let next = afterBlanks(index + 1)
        guard next < bytes.count else { return nil }
        let value = afterBlanks(next + 1)
        let mark = UnicodeScalar(quote).description
        switch bytes[next] {
        case UInt8(ascii: ":"): return Hidden(range: value..<valueEnd(from: value), mark: mark + Redaction.mark + mark)
        case UInt8(ascii: ",") where isOption && value < bytes.count:
            return Hidden(range: value..<valueEnd(from: value), mark: mark + Redaction.mark + mark)
        default: return nil
        }
    }

    /// The rest of a word, or a quotation.
    private func word(from first: Int) -> Hidden? {
        guard first < bytes.count else { return nil }
        if Self.quotes.contains(bytes[first]) { return Hidden(range: first + 1..<closing(bytes[first], from: first + 1), endsAtQuote: true) }
        let end = bytes[first...].firstIndex { Self.blanks.contains($0) || Self.quotes.contains($0) || $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }
        return Hidden(range: first..<(end ?? bytes.count))
    }

    /// The end of a value in JSON's or Python's notation: a quotation, something between brackets, or a word.
    private func valueEnd(from first: Int) -> Int {
        var index = first
        var depth = 0
        while index < bytes.count {
            let byte = bytes[index]
            if Self.quotes.contains(byte) {
                index = closing(byte, from: index + 1)
            } else if Self.openers.contains(byte) {
                depth += 1
            } else if Self.closers.contains(byte) {
                if depth == 0 { return index }
                if byte != UInt8(ascii: ",") { depth -= 1 }
            }
            index += 1
        }
        return bytes.count
    }

    /// Where a quotation ends: at its mark, or with the text.
    private func closing(_ quote: UInt8, from first: Int) -> Int {
        var index = first
        while index < bytes.count, bytes[index] != quote { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
        return min(index, bytes.count)
    }

    private func afterBlanks(_ from: Int) -> Int { bytes[min(from, bytes.count)...].firstIndex { !Self.blanks.contains($0) } ?? bytes.count }

    /// Whether the word at hand begins the text or a quotation.
    private var isAlone: Bool { opener.map(Self.quotes.contains) ?? true }

    private var isOption: Bool { start < bytes.count && bytes[start] == UInt8(ascii: "-") }

    private func isSecret(upTo end: Int) -> Bool { start < end && redaction.hides(String(decoding: bytes[start..<end], as: UTF8.self)) }

    private func isWord(upTo end: Int) -> Bool {
        bytes[start..<end].allSatisfy { UnicodeScalar($0).properties.isAlphabetic || UnicodeScalar($0).properties.numericType != nil || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}
