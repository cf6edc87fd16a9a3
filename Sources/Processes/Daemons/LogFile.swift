import Glibc
import Synchronization

/// An append-only file that can be reopened after another program renamed it.
package final class LogFile: Sendable {
    /// The absolute path.
    package let path: String
    /// The open file. Its number stays the same through `reopen()`.
    package let descriptor: OwnedDescriptor
    private let group: UInt32?
    /// Whether the standard streams write to this file and must follow `reopen()`.
    private let carriesStreams = Atomic(false)

    /// Opens the file, creating it if necessary: see `PrivateFile`.
    ///
    /// - Parameters:
    ///   - owner: Owner of a newly created file, so that the process can reopen it after dropping its privileges.
    ///   - group: Group that may read a newly created file.
    /// - Throws: `cannot open log file /x/y.log: no such file or directory`.
    package init(_ path: String, owner: Privileges? = nil, group: UInt32? = nil) throws(SystemError) {
        self.path = try AbsolutePath.of(path)
        self.group = group
        descriptor = try Self.open(self.path, owner, group)
    }

    /// Redirects standard output and standard error to this file.
    ///
    /// The corresponding C function is `dup3`.
    package func redirectStandardStreams() throws(SystemError) {
        try descriptor.duplicate(onto: STDOUT_FILENO)
        try descriptor.duplicate(onto: STDERR_FILENO)
        carriesStreams.store(true, ordering: .relaxed)
    }

    /// Opens the path again, after a rotation. Concurrent writes of other threads go to the old or the new file.
    ///
    /// - Throws: If the path cannot be opened; the old file then stays open.
    package func reopen() throws(SystemError) {
        let fresh = try Self.open(path, nil, group)
        // Replace the old file atomically: no writer ever uses a closed number.
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
        // Use another descriptor to read: ours only appends.
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
