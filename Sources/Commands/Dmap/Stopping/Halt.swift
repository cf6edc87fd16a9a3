import Arguments

/// The condition for stopping a dmap early.
struct Halt: Sendable, Equatable {
    /// Whether to abandon running items instead of waiting for them.
    var isNow: Bool
    var limit: Limit

    enum Limit: Sendable, Equatable {
        case failures(Int)
        case percent(Int)
    }

    /// While the number of all items is unknown, a percentage is one of the finished items, once there are so many.
    private static let least = 100

    /// Whether the number of failures has reached the limit.
    ///
    /// - Parameters:
    ///   - total: The number of all items; `nil` while it is unknown.
    ///   - done: Finished items.
    func isReached(failures: Int, total: Int?, done: Int = 0) -> Bool {
        switch limit {
        case .failures(let count): return failures >= count
        case .percent(let percent):
            guard let all = total ?? (done >= Self.least ? done : nil) else { return false }
            return failures > 0 && failures * 100 >= percent * all
        }
    }
}

extension ValueParser where Value == Halt {
    /// `now,fail=3`, `soon,fail=10%`.
    static var halt: Self {
        Self { (text) throws(InvalidValue) in
            let advice = "write now,fail=1 or soon,fail=10%"
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "now" || parts[0] == "soon", parts[1].hasPrefix("fail=") else {
                throw InvalidValue("is not a halt condition", advice: advice)
            }
            var number = parts[1].dropFirst(5)
            let isPercent = number.last == "%"
            if isPercent { number.removeLast() }
            guard let value = Int(number), value > 0, !isPercent || value <= 100 else {
                throw InvalidValue("is not a halt condition", advice: advice)
            }
            return Halt(isNow: parts[0] == "now", limit: isPercent ? .percent(value) : .failures(value))
        }
    }
}
