/// Untrusted text in an error message: truncated, on one line, without control characters.
struct Quoted: CustomStringConvertible {
    let description: String

    /// Maximum number of Unicode scalars to show.
    private static let length = 60

    init(_ text: some StringProtocol) {
        var shown = ""
        for (index, letter) in text.unicodeScalars.enumerated() {
            if index == Self.length {
                shown += "..."
                break
            }
            shown.unicodeScalars.append(letter.properties.generalCategory == .control ? "?" : letter)
        }
        description = shown
    }
}
