import Glibc

/// Who owns a file, and who else can read or change it.
struct FileFacts: Sendable {
    let path: String
    private let status: stat

    /// - Returns: `nil` for a file that does not exist or cannot be seen. Follows links.
    ///
    /// The corresponding C function is `stat`.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.path = path
        self.status = status
    }

    var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }
    /// By users that are neither the owner nor of the group.
    var isReadableByAll: Bool { status.st_mode & 0o004 != 0 }
    /// A folder like /tmp, in which users cannot replace each other's files, does not count.
    var isWritableByAll: Bool { status.st_mode & 0o002 != 0 && !(isFolder && status.st_mode & 0o1000 != 0) }
    var isOurs: Bool { status.st_uid == geteuid() || status.st_uid == 0 }
    /// The number of the owner.
    var owner: UInt32 { status.st_uid }
    var size: Int { Int(status.st_size) }
    /// `0644`.
    var mode: String {
        let digits = String(status.st_mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
