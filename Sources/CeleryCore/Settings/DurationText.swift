/// Lengths of time as text: `90`, `90s`, `10m`, `1.5h`, `2d`.
package enum DurationText {
    /// The length in seconds; `nil` when the text is not one.
    ///
    /// A number without a unit is in seconds. There are no negative lengths.
    package static func seconds(_ text: String) -> Double? {
        var digits = text[...]
        var unit = 1.0
        switch digits.last {
        case "s": digits.removeLast()
        case "m": (unit, _) = (60, digits.removeLast())
        case "h": (unit, _) = (3_600, digits.removeLast())
        case "d": (unit, _) = (86_400, digits.removeLast())
        default: break
        }
        // `Double` would also accept "inf", "nan" and hexadecimal.
        guard !digits.isEmpty, digits.utf8.count <= 18, digits.utf8.first != UInt8(ascii: "."),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
            let number = Double(digits), number * unit <= maximum
        else { return nil }
        return number * unit
    }

    /// A thousand years: longer ones are mistakes, and some would overflow `Duration`.
    package static let maximum = 1_000 * 365.25 * 86_400
}
