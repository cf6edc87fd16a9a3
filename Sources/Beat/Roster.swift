import CeleryCore
import Schedules

/// The sorted entries, and until when each of them needs no planning. Among ten thousand entries, a round plans only a few.
struct Roster {
    let names: [String]
    /// Entries whose runs may have to wait for the previous run.
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

    /// When the entry at a position has to be planned.
    func rest(at position: Int) -> Timestamp { rests[position] }

    /// Postpones planning of an entry until this time; `nil` means until its record changes.
    mutating func rest(at position: Int, until time: Timestamp?) { rests[position] = time ?? .distantFuture }

    /// Notes that the records of these entries have changed.
    mutating func wake(_ names: Set<String>) {
        for name in names { if let position = positions[name] { rests[position] = Self.atOnce } }
    }

    /// Notes that any record may have changed.
    mutating func wakeAll() { for position in rests.indices { rests[position] = Self.atOnce } }
}
