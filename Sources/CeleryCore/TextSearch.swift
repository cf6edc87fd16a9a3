/// Parts of texts, found byte by byte.
///
/// The algorithms of the standard library for this bring its regular expressions into the program, which are a megabyte;
/// `Tests/Package/links` finds their use.
extension StringProtocol {
    /// Where a part stands first; `nil` when it does not. An empty part is found nowhere.
    package func firstRange(ofText part: String) -> Range<Index>? {
        guard let first = part.utf8.first else { return nil }
        var start = utf8.startIndex
        while let found = utf8[start...].firstIndex(of: first) {
            let rest = utf8[found...]
            if rest.starts(with: part.utf8) { return found..<utf8.index(found, offsetBy: part.utf8.count) }
            start = utf8.index(after: found)
        }
        return nil
    }

    /// Whether a part stands anywhere in the text.
    package func contains(text part: String) -> Bool { firstRange(ofText: part) != nil }

    /// The text with each occurrence of a part exchanged for another text.
    package func replacing(text part: String, with other: String) -> String {
        var result = ""
        var rest = self[...]
        while let range = rest.firstRange(ofText: part) {
            result += rest[..<range.lowerBound]
            result += other
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
