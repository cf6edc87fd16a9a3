import CeleryCore
import DequeModule
import Wire

/// Events that wait to be sent. When there are too many, the oldest give way.
struct EventBuffer {
    /// So many events, and so many bytes of messages that are still to be looked at, may wait.
    static let countLimit = 20_000
    static let byteLimit = 32 << 20

    /// An event, or what it takes to make it: what costs time is done when it is sent, not in the worker's way.
    struct Entry {
        var content: Content
        var time: Timestamp
        /// Bytes it keeps in memory beyond a few.
        var weight = 0

        enum Content {
            case made(TaskEvent)
            case received(Message)
            case other(type: String, details: JSONObject)
        }
    }

    private(set) var entries: Deque<Entry> = []
    private var weight = 0
    /// How many were dropped since it was last asked.
    private var dropped = 0

    mutating func add(_ entry: Entry) {
        entries.append(entry)
        weight += entry.weight
        while entries.count > Self.countLimit || weight > Self.byteLimit, let first = entries.popFirst() {
            weight -= first.weight
            dropped += 1
        }
    }

    /// Takes the oldest, up to so many.
    mutating func take(_ limit: Int) -> [Entry] {
        let taken = Array(entries.prefix(limit))
        entries.removeFirst(taken.count)
        weight -= taken.reduce(0) { $0 + $1.weight }
        return taken
    }

    /// Counts such as could not be sent.
    mutating func countDropped(_ count: Int) { dropped += count }

    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
