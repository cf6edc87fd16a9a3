/// Formats numbers of lines or items for people: `2, 4-7`.
enum NumberList {
    /// - Parameter numbers: in ascending order.
    static func text(_ numbers: some Sequence<Int>) -> String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        let shown = runs.prefix(limit).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        return shown.joined(separator: ", ") + (runs.count > limit ? ", ... \(runs.last?.upperBound ?? 0)" : "")
    }

    /// The number of ranges shown.
    private static let limit = 20
}
