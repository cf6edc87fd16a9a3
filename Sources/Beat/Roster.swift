import CeleryCore
import Schedules

/// The entries in their order, and until when each needs no look: of ten thousand, a round plans only those it has to.
struct Roster {
    /// Sorted.
    let names: [String]
    /// Entries of which a run may have to wait for the one before.
    let waitingNames: [String]
    private let positions: [String: Int]
    private var rests: [Timestamp]
    private static let atOnce = Timestamp(seconds: -.greatestFiniteMagnitude)

    init(_ entries: [String: Entry]) {
        names = entries.keys.sorted()
        waitingNames = names.filter { entries[$0]?.periodic.overlap != .allow }
        positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        rests = names.map { _ in Self.atOnce }
    }

    /// When the entry at a position is to be looked at.
    func rest(at position: Int) -> Timestamp { rests[position] }

    /// Nothing is to be done about an entry before this time; `nil` is until its record changes.
    mutating func rest(at position: Int, until time: Timestamp?) { rests[position] = time ?? .distantFuture }

    /// What is known of these entries has changed.
    mutating func wake(_ names: Set<String>) {
        for name in names { if let position = positions[name] { rests[position] = Self.atOnce } }
    }

    /// What is known may have changed of any entry.
    mutating func wakeAll() { for position in rests.indices { rests[position] = Self.atOnce } }
}
