package import CeleryCore
import Glibc
import Processes

/// Who besides its owner may use a database file that is made.
package struct DatabaseAccess: Sendable {
    /// A name or number; `nil` keeps the file to its owner.
    private let group: String?
    private let groupWrites: Bool

    package static let owner = DatabaseAccess(group: nil, groupWrites: false)

    private init(group: String?, groupWrites: Bool) {
        self.group = group
        self.groupWrites = groupWrites
    }

    package init(_ settings: Settings) { self.init(group: settings.databaseGroup, groupWrites: settings.databaseGroupWrites) }

    /// Makes an empty file that only these may use, from the first moment. SQLite gives the files beside it (-wal and
    /// -shm) the same mode, owner and group.
    ///
    /// - Throws: `DriverError` for a group that is not there, or that the file cannot be given to. Leaves no file then.
    ///
    /// The corresponding C functions are `open`, `fchown` and `fchmod`.
    func create(_ draft: String, as path: String) throws(DriverError) {
        let group = try self.group.map { (name) throws(DriverError) in try Self.number(of: name, path) }
        let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DriverError(.cannotCreate, "cannot create database \(path): \(text(of: errno))")
        }
        // Nobody has it open through SQLite yet; see `OpenFiles`.
        defer { close(descriptor) }
        guard let group else { return }
        if fchown(descriptor, uid_t.max, group) == 0, fchmod(descriptor, groupWrites ? 0o660 : 0o640) == 0 { return }
        let reason = text(of: errno)
        unlink(draft)
        throw DriverError(
            .cannotCreate, "cannot give database \(path) to group \(self.group ?? ""): \(reason)",
            hint: "whoever creates it must be a member of the group of CELERY_SQLITE_GROUP, or root")
    }

    private static func number(of group: String, _ path: String) throws(DriverError) -> gid_t {
        do throws(SystemError) {
            if let found = try Privileges(user: nil, group: group) { return found.group }
        } catch {
            throw DriverError(
                .configuration, "cannot give database \(path) to its group: \(error)", hint: "see CELERY_SQLITE_GROUP in the settings")
        }
        throw DriverError(.configuration, "database \(path) is to be given to a group without a name")
    }
}
