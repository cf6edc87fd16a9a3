package import CeleryCore
import Glibc
import Processes

/// Who besides the owner may use a new database file.
package struct DatabaseAccess: Sendable {
    /// A name or number; `nil` restricts the file to its owner.
    private let group: String?
    private let groupWrites: Bool

    package static let owner = DatabaseAccess(group: nil, groupWrites: false)

    private init(group: String?, groupWrites: Bool) {
        self.group = group
        self.groupWrites = groupWrites
    }

    package init(_ settings: Settings) { self.init(group: settings.fileGroup, groupWrites: settings.databaseGroupWrites) }

    /// Creates an empty file with these permissions from the first moment. SQLite gives the -wal and -shm files the same mode,
    /// owner and group.
    ///
    /// - Throws: `DriverError` for a group that does not exist, or to which the file cannot be given. Then no file is left.
    ///
    /// The corresponding C functions are `open`, `fchown` and `fchmod`.
    func create(_ draft: String, as path: String) throws(DriverError) {
        let group = try self.group.map { (name) throws(DriverError) in try Self.number(of: name, path) }
        let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DriverError(.cannotCreate, "cannot create database \(path): \(text(of: errno))")
        }
        // The file is not open through SQLite yet; see `OpenFiles`.
        defer { close(descriptor) }
        guard let group else { return }
        if fchown(descriptor, uid_t.max, group) == 0, fchmod(descriptor, groupWrites ? 0o660 : 0o640) == 0 { return }
        let reason = text(of: errno)
        unlink(draft)
        throw DriverError(
            .cannotCreate, "cannot give database \(path) to group \(self.group ?? ""): \(reason)",
            hint: "the user who creates the file must be root or a member of the group in CELERY_FILE_GROUP")
    }

    /// Gives the -wal and -shm files of an open database its mode and group, which an owner may have changed meanwhile: who may
    /// read the database needs both, and who may not must not read its newest part in one of them.
    ///
    /// Does nothing for a user who is not their owner. The corresponding C functions are `chown` and `chmod`.
    static func extend(to path: String) {
        var database = stat()
        guard stat(path, &database) == 0 else { return }
        for name in [path + "-wal", path + "-shm"] {
            // Names the file without opening it: closing a descriptor would release SQLite's locks on the file.
            let descriptor = open(name, openPath | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var file = stat()
            guard fstat(descriptor, &file) == 0, file.st_mode & S_IFMT == S_IFREG, file.st_uid == database.st_uid, file.st_nlink == 1
            else { continue }
            let link = "/proc/self/fd/\(descriptor)"
            if file.st_gid != database.st_gid { _ = chown(link, uid_t.max, database.st_gid) }
            if (file.st_mode ^ database.st_mode) & 0o777 != 0 { _ = chmod(link, database.st_mode & 0o777) }
        }
    }

    /// O_PATH of fcntl.h, which Glibc's headers do not export without _GNU_SOURCE.
    private static let openPath: Int32 = 0o10_000_000

    private static func number(of group: String, _ path: String) throws(DriverError) -> gid_t {
        do throws(SystemError) {
            if let found = try Privileges(user: nil, group: group) { return found.group }
        } catch {
            throw DriverError(
                .configuration, "cannot give database \(path) to its group: \(error)", hint: "see CELERY_FILE_GROUP in the settings")
        }
        throw DriverError(.configuration, "cannot give database \(path) to a group without a name")
    }
}
