import CeleryCore
import DequeModule
import Wire

/// Events that wait to be sent. If there are too many, the oldest are dropped.
struct EventBuffer {
    /// Maximum number of waiting events.
    static let countLimit = 20_000
    /// Maximum number of bytes in the message bodies of waiting events.
    static let byteLimit = 32 << 20

    /// An event, or the data to make it from. Expensive events are made when they are sent, so that they do not delay the worker.
    struct Entry {
        var content: Content
        var time: Timestamp
        /// Size of its message body in bytes.
        var weight = 0

        enum Content {
            case made(TaskEvent)
            case received(Message)
            case other(type: String, details: JSONObject)
        }
    }

    private(set) var entries: Deque<Entry> = []
    private var weight = 0
    /// Number of events dropped since the last call of `takeDropped`.
    private var dropped = 0

    mutating func add(_ entry: Entry) {
        entries.append(entry)
        weight += entry.weight
        while entries.count > Self.countLimit || weight > Self.byteLimit, let first = entries.popFirst() {
            weight -= first.weight
            dropped += 1
        }
    }

    /// Removes and returns the oldest events, at most `limit`.
    mutating func take(_ limit: Int) -> [Entry] {
        let taken = Array(entries.prefix(limit))
        entries.removeFirst(taken.count)
        weight -= taken.reduce(0) { $0 + $1.weight }
        return taken
    }

    /// Counts events that could not be sent.
    mutating func countDropped(_ count: Int) { dropped += count }

    /// Returns the number of dropped events and resets it.
    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }
}
