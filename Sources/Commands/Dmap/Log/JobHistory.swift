import CeleryCore
import Client

/// What a job log says about an interrupted dmap, in four bytes an item: there may be ten million.
struct JobHistory: Sendable {
    /// The sets of the dmap and of those that resumed it, oldest first.
    private(set) var sets: [SetNumbering] = []
    /// Bytes of results that were printed.
    private(set) var printedBytes: Int64 = 0
    /// The tasks of the last lines, twice `latestCount` at most: their results may still be stored.
    private(set) var latest: [TaskID] = []
    private var blocks: [Int: [UInt32]] = [:]

    /// More than a dmap prints before it deletes printed results.
    private static let latestCount = 10_000

    /// An item that has finished.
    struct Entry: Equatable {
        /// The set of its task, by its place in `sets`.
        var set: Int
        var isFailed: Bool
    }

    // An entry: 24 bits of a hash of its command, by which a changed input is noticed; 6 bits for its set; two flags.
    private static let hashMask: UInt32 = 0xFFFF_FF00
    private static let setShift: UInt32 = 2
    private static let setMask: UInt32 = 0x3F
    private static let failed: UInt32 = 2
    private static let present: UInt32 = 1
    private static let blockSize = 4_096

    mutating func begin(_ set: SetNumbering) { if sets.last != set { sets.append(set) } }

    /// Records a finished item; the last record of an item counts.
    mutating func note(_ number: Int, _ command: some Sequence<UInt8>, task: TaskID?, isFailed: Bool, bytes: Int64) {
        guard number > 0 else { return }
        let set = task.flatMap { task in sets.lastIndex { $0.number(of: task) != nil } } ?? 0
        let (block, place) = (number / Self.blockSize, number % Self.blockSize)
        blocks[block, default: [UInt32](repeating: 0, count: Self.blockSize)][place] =
            Self.hash(command) & Self.hashMask | (UInt32(set) & Self.setMask) << Self.setShift | (isFailed ? Self.failed : 0) | Self.present
        printedBytes += bytes
        if let task { latest.append(task) }
        if latest.count > 2 * Self.latestCount { latest.removeFirst(Self.latestCount) }
    }

    /// What is recorded of an item; `nil` if it has not finished, or was another item then.
    func entry(of number: Int, _ command: @autoclosure () -> [UInt8]) -> Entry? {
        guard let value = blocks[number / Self.blockSize]?[number % Self.blockSize], value & Self.present != 0,
            value & Self.hashMask == Self.hash(command()) & Self.hashMask
        else { return nil }
        return Entry(set: Int(value >> Self.setShift & Self.setMask), isFailed: value & Self.failed != 0)
    }

    /// FNV-1a, mixed so that its upper bits depend on every byte.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash >> 32) ^ UInt32(truncatingIfNeeded: hash)
    }
}
