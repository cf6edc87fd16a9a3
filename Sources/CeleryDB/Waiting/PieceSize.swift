/// How many rows one transaction of a long work handles, so that nobody waits for it longer than a fraction of a
/// second.
package struct PieceSize: Sendable {
    /// Rows for the next transaction.
    package private(set) var rows = 50

    /// How long a transaction should take. A commit that writes the WAL back may take several times that.
    private static let aim: Duration = .milliseconds(25)
    private static let range = 10...2_000

    package init() {}

    /// Learns from the last transaction.
    package mutating func note(_ duration: Duration) {
        let factor = max(0.1, min(2, Self.aim / max(duration, .microseconds(1))))
        rows = max(Self.range.lowerBound, min(Self.range.upperBound, Int(Double(rows) * factor)))
    }
}
