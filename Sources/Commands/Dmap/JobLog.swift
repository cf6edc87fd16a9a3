import CeleryCore
import Glibc
import Processes

/// The log of finished items, by which a dmap can be resumed.
///
/// Tab-separated lines: number, task id, state, exit status, item.
final class JobLog {
    private let descriptor: OwnedDescriptor
    private let path: String

    /// Opens the log, and reads what earlier runs finished.
    ///
    /// - Parameters:
    ///   - isResumed: keeps the earlier lines; otherwise the log begins anew.
    ///   - group: Whose members may read a new log.
    init(path: String, isResumed: Bool, group: UInt32? = nil) throws {
        self.path = path
        descriptor = try PrivateFile("open job log", access: O_RDWR | O_APPEND, group: group).open(path)
        let number = descriptor.number
        // A device has no end to be cut off.
        if !isResumed { _ = ftruncate(number, 0) }
        // The last line of a run that was killed may be cut off: it must not swallow the next one.
        var last: UInt8 = 0
        let size = lseek(number, 0, SEEK_END)
        if size > 0, pread(number, &last, 1, size - 1) == 1, last != UInt8(ascii: "\n") { try descriptor.write("\n") }
    }

    /// Items that are finished: their last exit status by number and text. The text counts
    /// too, so that a changed input is not taken for the old one.
    func finished() throws -> [Key: Int32] {
        let source = try LineSource(file: path)
        var finished: [Key: Int32] = [:]
        while let line = try source.next() {
            let fields = String(decoding: line, as: UTF8.self)
                .split(separator: "\t", maxSplits: 4, omittingEmptySubsequences: false)
            // The last line of a run that was killed may be cut off.
            guard fields.count == 5, let number = Int(fields[0]), let status = Int32(fields[3]) else { continue }
            finished[Key(number: number, text: String(fields[4]))] = status
        }
        return finished
    }

    struct Key: Hashable {
        let number: Int
        let text: String

        init(number: Int, text: String) {
            self.number = number
            self.text = JobLog.onOneLine(text)
        }
    }

    /// An item given as an operand may hold line breaks; a line of the log may not.
    private static func onOneLine(_ text: String) -> String {
        text.utf8.contains(UInt8(ascii: "\n")) ? text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n") : text
    }

    /// Adds a finished item.
    func append(_ number: Int, _ result: TaskResult, status: Int32, text: String) throws {
        try descriptor.write("\(number)\t\(result.id)\t\(result.state.name)\t\(status)\t\(Self.onOneLine(text))\n")
    }
}
