import CeleryCore
import Client
import Glibc
import Processes
import Synchronization

/// The number of the last item that was sent, in a file beside the job log: for brokers that do not tell what waits in a queue.
///
/// Items are sent in their order. What was being sent when a dmap was killed is sent again.
final class SentMark: Sendable {
    private let descriptor: OwnedDescriptor
    private let path: String
    private let before: (set: SetNumbering, number: Int)?
    private let latest = Mutex(0)

    /// - Parameters:
    ///   - path: The job log.
    ///   - isResumed: Whether to read what an earlier run has written.
    /// - Throws: `SystemError`.
    init(besides path: String, isResumed: Bool, group: UInt32?) throws {
        self.path = path + ".sent"
        descriptor = try PrivateFile("open", access: O_RDWR, group: group).open(self.path)
        if isResumed {
            let words = String(decoding: try descriptor.readToEnd(), as: UTF8.self).split { $0 == " " || $0 == "\n" }
            before = words.count == 2 ? SetNumbering(id: String(words[0])).flatMap { set in Int(words[1]).map { (set, $0) } } : nil
        } else {
            before = nil
        }
    }

    /// Whether the item was sent before this run.
    func covers(_ set: SetNumbering, _ number: Int) -> Bool { before.map { $0.set == set && number <= $0.number } ?? false }

    /// Records that an item and all before it were sent. A write of so few bytes is not torn by a kill.
    func note(_ set: SetNumbering, through number: Int) throws {
        let text = latest.withLock { latest in
            latest = max(latest, number)
            return set.id + " " + String(repeating: "0", count: max(0, 15 - String(latest).utf8.count)) + "\(latest)\n"
        }
        let bytes = Array(text.utf8)
        try Syscall.check("write", path: path) { pwrite(descriptor.number, bytes, bytes.count, 0) }
    }

    /// Removes the file: nothing is left to be sent.
    func remove() { unlink(path) }
}
