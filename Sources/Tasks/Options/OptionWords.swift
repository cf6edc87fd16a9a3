/// Splits an option line into words at blanks and commas outside quotation marks.
struct OptionWords {
    private(set) var words: [String] = []
    /// For each word, whether a comma separates it from the previous word.
    private(set) var followsComma: [Bool] = []
    /// Whether all quotation marks are balanced.
    private(set) var isBalanced = true

    init(_ text: some Sequence<UInt8>) {
        var word: [UInt8]?
        var quote: UInt8?
        var sawComma = false
        func end(_ text: [UInt8]) {
            words.append(String(decoding: text, as: UTF8.self))
            followsComma.append(words.count > 1 && sawComma)
            sawComma = false
        }
        for byte in text {
            if let open = quote {
                if byte == open { quote = nil } else { word?.append(byte) }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                word = word ?? []
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: ",") {
                if let word { end(word) }
                word = nil
                if byte == UInt8(ascii: ",") { sawComma = true }
            } else {
                word = (word ?? []) + [byte]
            }
        }
        if let word { end(word) }
        isBalanced = quote == nil
    }
}
