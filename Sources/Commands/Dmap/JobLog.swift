import CeleryCore
import Glibc
import Processes

/// The log of finished items, which allows resuming a dmap.
///
/// Tab-separated lines: number, task id, state, exit status, item.
final class JobLog {
    private let descriptor: OwnedDescriptor
    private let path: String

    /// Opens the log.
    ///
    /// - Parameters:
    ///   - isResumed: Keeps the earlier lines; otherwise the file is truncated.
    ///   - group: Group that may read a new log.
    init(path: String, isResumed: Bool, group: UInt32? = nil) throws {
        self.path = path
        descriptor = try PrivateFile("open job log", access: O_RDWR | O_APPEND, group: group).open(path)
        let number = descriptor.number
        // Devices cannot be truncated.
        if !isResumed { _ = ftruncate(number, 0) }
        // The last line of a killed run may be incomplete: terminate it before appending.
        var last: UInt8 = 0
        let size = lseek(number, 0, SEEK_END)
        if size > 0, pread(number, &last, 1, size - 1) == 1, last != UInt8(ascii: "\n") { try descriptor.write("\n") }
    }

    /// The last exit status of each finished item, by number and text. Comparing the text
    /// detects changed input.
    func finished() throws -> [Key: Int32] {
        let source = try LineSource(file: path)
        var finished: [Key: Int32] = [:]
        while let line = try source.next() {
            let fields = String(decoding: line, as: UTF8.self)
                .split(separator: "\t", maxSplits: 4, omittingEmptySubsequences: false)
            // The last line of a killed run may be incomplete.
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

    /// Replaces the line breaks of an item: a record of the log is one line.
    private static func onOneLine(_ text: String) -> String {
        text.utf8.contains(UInt8(ascii: "\n")) ? text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n") : text
    }

    /// Adds a finished item.
    func append(_ number: Int, _ result: TaskResult, status: Int32, text: String) throws {
        try descriptor.write("\(number)\t\(result.id)\t\(result.state.name)\t\(status)\t\(Self.onOneLine(text))\n")
    }
}
