extension OptionKind where Value == Int {
    /// A whole number.
    ///
    /// - Parameter others: Other accepted values, for the error: `` or `unlimited` ``.
    static func whole(_ range: ClosedRange<Int>, others: String = "") -> OptionKind {
        OptionKind(
            placeholder: "N", commandPlaceholder: "N", fileValue: "whole number",
            read: { (input, place) throws(OptionMistake) in
                let number: Int? =
                    switch input {
                    case .word(let text): Int(text)
                    // A program that writes a batch may have only text.
                    case .json(.string(let text)): place == .batch ? Int(text) : nil
                    case .json(let value): value.intValue
                    }
                guard let number else {
                    throw OptionMistake(must: "be a whole number\(others)", not: input, problem: "is not a whole number")
                }
                guard range.contains(number) else {
                    let bounds = range.upperBound == .max ? "\(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
                    let problem = number < range.lowerBound ? "is less than \(range.lowerBound)" : "is more than \(range.upperBound)"
                    throw OptionMistake("must be \(bounds), not \(number)", problem: problem)
                }
                return number
            },
            text: { String($0) }, json: { .int(Int64($0)) },
            heard: { $0.intValue.flatMap { range.contains($0) ? $0 : nil } })
    }

    /// An amount of memory or data, in bytes or as `64k`, `16m`, `1g`.
    static let bytes = OptionKind(
        placeholder: "BYTES", commandPlaceholder: "BYTES", fileValue: "number of bytes, or text such as \"16m\"",
        read: { (input, _) throws(OptionMistake) in
            guard let bytes = input.scalarText.flatMap(ByteCountText.bytes), bytes > 0 else {
                throw OptionMistake(
                    must: "be a number of bytes such as 65536 or 16m", not: input, problem: "is not an amount of memory",
                    advice: "write bytes, or 64k, 64m, 1g")
            }
            return bytes
        },
        text: { String($0) }, json: { .int(Int64($0)) },
        heard: { $0.intValue.flatMap { $0 > 0 ? $0 : nil } })
}

extension OptionKind where Value == RateSetting {
    /// A rate such as `10/s`, or `unlimited`.
    static let rate = OptionKind(
        placeholder: "N/s|N/m|N/h", commandPlaceholder: "RATE", fileValue: "text such as \"10/s\"",
        read: { (input, _) throws(OptionMistake) in
            guard let rate = input.scalarText.flatMap({ RateSetting($0) }) else {
                throw OptionMistake(
                    must: "be a rate such as 10/s, 100/m or 5/h, or unlimited", not: input, problem: "is not a rate",
                    advice: "write 10/s, 100/m, 5/h or unlimited")
            }
            return rate
        },
        text: { $0.text }, json: { .string($0.text) }, heard: { RateSetting($0.displayText) })
}
