import CeleryCore
import Client
import Glibc
import Processes

/// The log of finished items, which allows resuming a dmap.
///
/// The first line names the columns and the set of the tasks, so that their ids are known before any of them has finished. A
/// dmap that cannot use these ids again, as workers were told to drop them, adds another such line.
final class JobLog {
    private let descriptor: OwnedDescriptor
    private let path: String
    /// The lines of earlier runs.
    private(set) var history = JobHistory()

    private static let setPrefix = "\tSet="

    /// Opens the log, and locks it until this process ends.
    ///
    /// - Parameters:
    ///   - isResumed: Keeps the earlier lines; otherwise the file is truncated.
    ///   - task: The name of the task, for logs of celery 0.8, which do not contain it.
    ///   - group: Group that may read a new log.
    /// - Throws: `SystemError`; `CommandError` if another dmap uses the log.
    init(path: String, isResumed: Bool, task: String, group: UInt32? = nil) throws {
        self.path = path
        descriptor = try PrivateFile("open job log", access: O_RDWR | O_APPEND, group: group).open(path)
        if flock(descriptor.number, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw CommandError(ExitCode.tryAgain, "job log \(path) is in use by another dmap")
        }
        guard isResumed else {
            // Devices cannot be truncated.
            _ = ftruncate(descriptor.number, 0)
            return
        }
        try dropIncompleteLine()
        history = try Self.history(path: path, task: task)
    }

    /// The last line of a killed run may be incomplete.
    private func dropIncompleteLine() throws {
        let size = lseek(descriptor.number, 0, SEEK_END)
        guard size > 0 else { return }
        var end = size
        var piece = [UInt8](repeating: 0, count: 4_096)
        while end > 0 {
            let start = max(0, end - off_t(piece.count))
            guard pread(descriptor.number, &piece, Int(end - start), start) == end - start else { return }
            if let newline = piece[..<Int(end - start)].lastIndex(of: UInt8(ascii: "\n")) {
                end = start + off_t(newline) + 1
                break
            }
            end = start
        }
        if end < size { try Syscall.check("truncate job log", path: path) { ftruncate(descriptor.number, end) } }
    }

    /// Reads a log. A last line without an end is ignored.
    static func history(path: String, task: String) throws -> JobHistory {
        var history = JobHistory()
        let source = try LineSource(file: path)
        while let bytes = try source.next() {
            if let line = JobLogLine(bytes) {
                history.note(line.number, line.command, task: line.id, isFailed: line.isFailed, bytes: Int64(line.received))
            } else if let set = Self.set(in: bytes) {
                history.begin(set)
            } else {
                noteOldLine(bytes, task, &history)
            }
        }
        return history
    }

    /// The set that a line with the names of the columns tells.
    private static func set(in line: [UInt8]) -> SetNumbering? {
        let text = String(decoding: line, as: UTF8.self)
        guard text.hasPrefix(JobLogLine.columns + setPrefix) else { return nil }
        return SetNumbering(id: String(text.dropFirst(JobLogLine.columns.count + setPrefix.count)))
    }

    /// A line of celery 0.8: number, id, state, exit status, item.
    private static func noteOldLine(_ line: [UInt8], _ task: String, _ history: inout JobHistory) {
        let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 4, omittingEmptySubsequences: false)
        guard fields.count == 5, let number = Int(String(decoding: fields[0], as: UTF8.self)),
            let status = Int32(String(decoding: fields[3], as: UTF8.self))
        else { return }
        history.note(number, command(task, Array(fields[4])), task: nil, isFailed: status != 0, bytes: 0)
    }

    /// Names the columns and a set: the tasks of the following lines, and those to come, belong to it.
    func begin(_ set: SetNumbering) throws { try descriptor.write(JobLogLine.columns + Self.setPrefix + set.id + "\n") }

    /// Adds finished items.
    func append(_ lines: [JobLogLine]) throws {
        var bytes: [UInt8] = []
        for line in lines { bytes += line.bytes }
        try bytes.withUnsafeBytes { try descriptor.write($0) }
    }

    /// Waits until the lines are on the disk. The corresponding C function is `fdatasync`.
    func sync() { _ = fdatasync(descriptor.number) }

    /// The column `Command`: the task and the item, on one line and in one field.
    static func command(_ task: String, _ item: DmapItem) -> [UInt8] { command(task, item.bytes) }

    private static func command(_ task: String, _ item: [UInt8]) -> [UInt8] {
        var command = Array(task.utf8)
        command.reserveCapacity(command.count + item.count + 1)
        command.append(UInt8(ascii: " "))
        for byte in item {
            switch byte {
            case UInt8(ascii: "\n"): command += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\t"): command += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            default: command.append(byte)
            }
        }
        return command
    }
}
