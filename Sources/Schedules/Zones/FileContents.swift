import Glibc

/// Reads a small regular file.
enum FileContents {
    /// Maximum size in bytes. The largest file of the time-zone database has 4 KB.
    static let limit = 1 << 20

    /// Reads the whole file. Blocks.
    ///
    /// - Returns: nil if there is no regular file at the path.
    /// - Throws: `ScheduleError` with the code `unreadableZone` if the file cannot be read or is too large.
    static func read(_ path: String) throws(ScheduleError) -> [UInt8]? {
        // O_NONBLOCK: opening a pipe or a device must not block.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR || errno == ELOOP { return nil }
            throw ScheduleError(.unreadableZone, "cannot read '\(path)': \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        guard status.st_size <= limit else { throw ScheduleError(.unreadableZone, "'\(path)' is too large for a time zone") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + filled, $0.count - filled) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ScheduleError(.unreadableZone, "cannot read '\(path)': \(String(cString: strerror(errno)))") }
            guard count > 0 else { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
