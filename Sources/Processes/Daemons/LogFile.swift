import Glibc
import Synchronization

/// A file that is only ever appended to, and that can be opened anew after something else renamed it.
package final class LogFile: Sendable {
    /// Absolute.
    package let path: String
    /// The open file. Its number stays the same through `reopen()`.
    package let descriptor: OwnedDescriptor
    private let group: UInt32?
    /// Whether the standard streams lead here and must follow `reopen()`.
    private let carriesStreams = Atomic(false)

    /// Opens the file, creating it if need be: see `PrivateFile`.
    ///
    /// - Parameters:
    ///   - owner: Gets a newly created file, so that the process can reopen it after giving up its rights.
    ///   - group: Whose members may read a newly created file.
    /// - Throws: `cannot open log file /x/y.log: no such file or directory`.
    package init(_ path: String, owner: Privileges? = nil, group: UInt32? = nil) throws(SystemError) {
        self.path = try AbsolutePath.of(path)
        self.group = group
        descriptor = try Self.open(self.path, owner, group)
    }

    /// Makes standard output and standard error lead here.
    ///
    /// The corresponding C function is `dup3`.
    package func redirectStandardStreams() throws(SystemError) {
        try descriptor.duplicate(onto: STDOUT_FILENO)
        try descriptor.duplicate(onto: STDERR_FILENO)
        carriesStreams.store(true, ordering: .relaxed)
    }

    /// Opens the path again, after a rotation. What other threads write meanwhile goes to one file or the other.
    ///
    /// - Throws: When the path cannot be opened (any more); the old file is then kept.
    package func reopen() throws(SystemError) {
        let fresh = try Self.open(path, nil, group)
        // In place of the old one, in one step: no writer ever meets a closed number.
        try fresh.duplicate(onto: descriptor.number, closeOnExec: true)
        if carriesStreams.load(ordering: .relaxed) { try redirectStandardStreams() }
    }

    /// The size now, in bytes: a mark for `lines(since:)`.
    ///
    /// The corresponding C function is `fstat`.
    package var size: Int {
        var status = stat()
        return fstat(descriptor.number, &status) == 0 ? status.st_size : 0
    }

    /// The last lines written after the file had `mark` bytes.
    package func lines(since mark: Int, last count: Int) -> [String] {
        // Read by another descriptor: ours is for appending only.
        let number = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { return [] }
        let file = OwnedDescriptor(owning: number)
        lseek(file.number, max(mark, size - 16_384), SEEK_SET)
        let text = String(decoding: (try? file.readToEnd(limit: 16_384)) ?? [], as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).suffix(count).map(String.init)
    }

    private static func open(_ path: String, _ owner: Privileges?, _ group: UInt32?) throws(SystemError) -> OwnedDescriptor {
        try PrivateFile("open log file", access: O_WRONLY | O_APPEND, group: group, owner: owner).open(path)
    }
}
