package import CeleryCore
import Glibc
package import Processes

/// The folder in which notices and mails wait: readable by its owner alone.
///
/// `new` has files of notices, `out` has mails, `calls` what goes to a webhook. `state` is the digest, and names the files of `new` that it contains: they are removed
/// after it was written, so that a crash in between counts no notice twice. Only the holder of `lock` reads `new`, and sends.
/// For one thread: each has a value of its own.
package final class MailSpool {
    private let path: String
    private let lock: OwnedDescriptor
    private(set) var isLeading = false
    private var lastNumber = 0
    /// Tells this object's files from those of others.
    private let tag = "\(getpid())-\(UInt32.random(in: 0 ... .max))"

    /// The longest file that is read, in bytes: far more than we write (`MailLoop.mostTogether`, `MailDigest.mostGroups`).
    private static let fileLimit = 64 << 20

    /// Makes the folder if necessary.
    ///
    /// - Throws: `SystemError` when that is impossible, or when the folder is another user's.
    package init(_ path: String) throws(SystemError) {
        self.path = path
        for folder in [path, path + "/new"] + Box.allCases.map({ "\(path)/\($0.rawValue)" }) where mkdir(folder, 0o700) != 0 && errno != EEXIST {
            throw SystemError(errno, "make mail spool", path: folder)
        }
        var status = stat()
        try Syscall.check("look at mail spool", path: path) { lstat(path, &status) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw SystemError(EPERM, "use mail spool", path: path, reason: "it is not a folder of this user")
        }
        // Arguments of tasks are nobody else's business.
        try Syscall.check("protect mail spool", path: path) { chmod(path, 0o700) }
        let place = path + "/lock"
        let number = try Syscall.check("open mail spool", path: place) { open(place, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        lock = OwnedDescriptor(owning: number)
    }

    /// Whether this process reads the notices and sends the mails; tries to become the one that does.
    package func lead() -> Bool {
        if !isLeading { isLeading = flock(lock.number, LOCK_EX | LOCK_NB) == 0 }
        return isLeading
    }

    // MARK: Notices

    /// Stores notices durably. Blocks.
    package func add(_ notices: [MailNotice], now: Timestamp) throws(SystemError) {
        lastNumber += 1
        try write(JSON.array(notices.map(\.json)).bytes(style: .compact), to: "new/\(name(now))")
    }

    /// The state, the files of `new` that it contains and that are still there, since a process died before it had removed them, and
    /// the notices that it does not contain yet, by file.
    package func read() -> (digest: MailDigest, folded: [String], new: [(file: String, notices: [MailNotice])]) {
        let state = content("state").flatMap { try? JSON(parsing: $0) } ?? [:]
        let contained = Set((state["folded"]?.arrayValue ?? []).compactMap(\.stringValue))
        let new = names("new").filter { !contained.contains($0) }.map { file in
            let list = content("new/" + file).flatMap { try? JSON(parsing: $0) }?.arrayValue ?? []
            return (file, list.compactMap(MailNotice.init))
        }
        // One that cannot be looked at may still be there.
        let left = contained.filter { access("\(path)/new/\($0)", F_OK) == 0 || errno != ENOENT }
        return (MailDigest(state["digest"] ?? [:]), left.sorted(), new)
    }

    /// Stores the state, which now contains these files, and removes them. The mails are stored before.
    package func store(_ digest: MailDigest, containing files: [String]) throws(SystemError) {
        let state: JSON = ["digest": digest.json, "folded": .array(files.map(JSON.string))]
        try write(state.bytes(style: .compact), to: "state")
        for file in files { unlink("\(path)/new/\(file)") }
        if !files.isEmpty { persist("new") }
    }

    /// The tasks of which a success is news, by the state as it is stored.
    package func failing() -> Set<String> {
        guard let bytes = content("state"), let state = try? JSON(parsing: bytes) else { return [] }
        return MailDigest(state["digest"] ?? [:]).failing
    }

    // MARK: What waits to be sent

    /// Where it waits, by the way that it goes.
    package enum Box: String, Sendable, CaseIterable {
        case mails = "out"
        /// For CELERY_ADMIN_WEBHOOK.
        case calls

        /// What is in it, for messages.
        var noun: String { self == .mails ? "mail" : "notice" }
    }

    package func add(_ notice: [UInt8], to box: Box, now: Timestamp) throws(SystemError) {
        lastNumber += 1
        try write(notice, to: "\(box.rawValue)/\(name(now))")
    }

    /// The names of what waits, oldest first.
    package func waiting(in box: Box) -> [String] { names(box.rawValue) }

    package func notice(_ name: String, in box: Box) -> [UInt8]? { content("\(box.rawValue)/\(name)") }

    package func remove(_ name: String, from box: Box) { unlink("\(path)/\(box.rawValue)/\(name)") }

    // MARK: Files

    /// Sorts by time.
    private func name(_ now: Timestamp) -> String {
        let time = String(Int64(max(0, now.seconds) * 1_000_000))
        let number = String(lastNumber)
        return String(repeating: "0", count: max(0, 18 - time.count)) + time + "-\(tag)-" + String(repeating: "0", count: max(0, 9 - number.count)) + number
    }

    private func names(_ folder: String) -> [String] {
        FolderNames.of("\(path)/\(folder)").filter { !$0.hasPrefix(".") }
    }

    private func content(_ name: String) -> [UInt8]? {
        let number = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard number >= 0 else { return nil }
        return try? OwnedDescriptor(owning: number).readToEnd(limit: Self.fileLimit)
    }

    /// Writes a file whole or not at all.
    ///
    /// The corresponding C functions are `fsync` and `rename`.
    private func write(_ bytes: [UInt8], to name: String) throws(SystemError) {
        let draft = "\(path)/.draft-\(tag)"
        let number = try Syscall.check("write mail spool", path: draft) { open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        let file = OwnedDescriptor(owning: number)
        try bytes.withUnsafeBufferPointer { (bytes) throws(SystemError) in try file.write(UnsafeRawBufferPointer(bytes)) }
        try Syscall.check("write mail spool", path: draft) { fsync(number) }
        try Syscall.check("write mail spool", path: name) { rename(draft, "\(path)/\(name)") }
        persist(name.utf8.firstIndex(of: UInt8(ascii: "/")).map { name[..<$0] } ?? "")
    }

    /// Makes the changes of a folder of the spool durable.
    private func persist(_ folder: Substring) {
        let number = open("\(path)/\(folder)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if number >= 0 { fsync(number); close(number) }
    }
}
