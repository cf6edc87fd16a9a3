import CeleryCore
import Client
import Synchronization

/// A status with the bytes that are sent.
struct ShownStatus: Sendable {
    let document: StatusDocument
    let body: [UInt8]
    /// The ETag of a finished task.
    let tag: String?

    init(_ document: StatusDocument) {
        self.document = document
        body = document.json.bytes()
        tag = document.isFinished ? "\"\(Hexadecimal.text(Array(SHA256.hash(body).prefix(12))))\"" : nil
    }
}

/// The finished tasks that were asked for last. For a second: results can be deleted, and tasks sent again.
final class StatusCache: Sendable {
    private struct Entry {
        var shown: ShownStatus
        var end: ContinuousClock.Instant
    }

    private let entries = Mutex<[TaskID: Entry]>([:])
    private static let life: Duration = .seconds(1)
    private static let mostEntries = 1_000
    /// Bytes of the largest document that is kept.
    private static let largest = 16 << 10

    /// - Returns: The status, and until when it is valid.
    func shown(_ id: TaskID, now: ContinuousClock.Instant = .now) -> (ShownStatus, until: ContinuousClock.Instant)? {
        entries.withLock { entries in entries[id].flatMap { $0.end > now ? ($0.shown, $0.end) : nil } }
    }

    func keep(_ shown: ShownStatus, now: ContinuousClock.Instant = .now) {
        guard shown.body.count <= Self.largest else { return }
        entries.withLock { entries in
            if entries.count >= Self.mostEntries { entries = entries.filter { $0.value.end > now } }
            if entries.count >= Self.mostEntries { entries.removeAll() }
            entries[shown.document.id] = Entry(shown: shown, end: now + Self.life)
        }
    }
}
