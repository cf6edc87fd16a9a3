import Arguments

extension ValueParser where Value == Double {
    /// A rate such as `10/s`, `100/m`, `5/h`, as a number per second.
    static var rate: Self {
        Self { (text) throws(InvalidValue) in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let seconds: Double? = switch parts.last {
            case "s": 1
            case "m": 60
            case "h": 3_600
            default: nil
            }
            guard parts.count == 2, let count = Double(parts[0]), count > 0, count.isFinite, let seconds else {
                throw InvalidValue("is not a rate", advice: "write 10/s, 100/m or 5/h")
            }
            return count / seconds
        }
    }
}
