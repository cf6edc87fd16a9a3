/// Amounts of memory as text: `65536`, `64k`, `16m`, `1g`, in powers of 1024.
package enum ByteCountText {
    /// The number of bytes; `nil` when the text is not an amount.
    package static func bytes(_ text: String) -> Int? {
        var digits = text.lowercased()[...]
        var shift = 0
        switch digits.last {
        case "k": (shift, _) = (10, digits.removeLast())
        case "m": (shift, _) = (20, digits.removeLast())
        case "g": (shift, _) = (30, digits.removeLast())
        default: break
        }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
            number <= Int.max >> shift
        else { return nil }
        return number << shift
    }

    /// An amount for display: `64 MB`, `1.5 GB`, in powers of 1024.
    package static func text(_ bytes: Int) -> String {
        var amount = Double(bytes)
        var units = ["bytes", "KB", "MB", "GB"][...]
        while amount >= 1_024, units.count > 1 {
            amount /= 1_024
            units.removeFirst()
        }
        let tenths = (amount * 10).rounded() / 10
        return "\(Int64(exactly: tenths).map { "\($0)" } ?? "\(tenths)") \(units.first!)"
    }
}
