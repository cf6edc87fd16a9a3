package import Glibc

/// What tells one state of a file from another: its size, owner, permissions and times.
///
/// Not the inode, which some network file systems number anew from time to time. Writing a file, replacing it and changing
/// its permissions all set its change time.
package struct FileMark: Sendable, Hashable {
    package let size: Int64
    /// Kind and permissions, as in `st_mode`.
    package let mode: UInt32
    package let user: UInt32
    package let group: UInt32
    /// Nanoseconds since the epoch.
    package let modified: Int64
    /// Nanoseconds since the epoch.
    package let changed: Int64

    package init(size: Int64, mode: UInt32, user: UInt32, group: UInt32, modified: Int64, changed: Int64) {
        self.size = size
        self.mode = mode
        self.user = user
        self.group = group
        self.modified = modified
        self.changed = changed
    }

    package init(_ status: stat) {
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        self.init(
            size: Int64(status.st_size), mode: UInt32(status.st_mode), user: status.st_uid, group: status.st_gid,
            modified: nanoseconds(status.st_mtim), changed: nanoseconds(status.st_ctim))
    }

    /// The present state of the file at a path. Follows links. Takes about a microsecond. The corresponding C function is `stat`.
    ///
    /// - Returns: `nil` if the file does not exist or cannot be reached.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
