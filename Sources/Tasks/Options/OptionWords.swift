/// Splits the rest of an option line into words: at blanks and commas, but not within quotes.
struct OptionWords {
    private(set) var words: [String] = []
    /// Whether every quote has its other half.
    private(set) var isBalanced = true

    init(_ text: some Sequence<UInt8>) {
        var word: [UInt8]?
        var quote: UInt8?
        for byte in text {
            if let open = quote {
                if byte == open { quote = nil } else { word?.append(byte) }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                word = word ?? []
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: ",") {
                if let word { words.append(String(decoding: word, as: UTF8.self)) }
                word = nil
            } else {
                word = (word ?? []) + [byte]
            }
        }
        if let word { words.append(String(decoding: word, as: UTF8.self)) }
        isBalanced = quote == nil
    }
}
