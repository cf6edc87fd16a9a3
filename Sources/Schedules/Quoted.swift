/// A stranger's text inside an error: cut short, on one line, without control characters.
struct Quoted: CustomStringConvertible {
    let description: String

    /// Letters that are shown; a mistake is seen in fewer.
    private static let length = 60

    init(_ text: some StringProtocol) {
        var shown = ""
        for (place, letter) in text.unicodeScalars.enumerated() {
            if place == Self.length {
                shown += "..."
                break
            }
            shown.unicodeScalars.append(letter.properties.generalCategory == .control ? "?" : letter)
        }
        description = shown
    }
}
