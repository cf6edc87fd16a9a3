/// The number of rows per transaction of a long operation, such that other writers wait no longer than a fraction of a second.
package struct PieceSize: Sendable {
    /// Rows for the next transaction.
    package private(set) var rows = 50

    /// Target duration of a transaction. A commit that checkpoints the WAL may take several times that.
    private static let aim: Duration = .milliseconds(25)
    private static let range = 10...2_000

    package init() {}

    /// Adjusts the number to the duration of the last transaction.
    package mutating func note(_ duration: Duration) {
        let factor = max(0.1, min(2, Self.aim / max(duration, .microseconds(1))))
        rows = max(Self.range.lowerBound, min(Self.range.upperBound, Int(Double(rows) * factor)))
    }
}
