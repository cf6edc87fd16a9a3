import CeleryCore
import Glibc

/// Whether the disks of databases, logs and temporary files have room.
struct DiskCheck: LocalCheck {
    let name = "disk"

    /// Less is told: bytes, and the share of the disk.
    static let low = (bytes: 512 << 20, share: 0.05)
    /// With less, databases and logs fail soon.
    static let critical = (bytes: 32 << 20, share: 0.005)

    func findings(_ patient: Patient) -> [Finding] {
        let settings = patient.settings
        let paths = FilesCheck.databases(settings).map(FilesCheck.folder) + [settings.logFile, settings.beatLogFile].map(FilesCheck.folder)
        let temporary = patient.context.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var seen: Set<UInt> = []
        return (paths + [temporary]).distinct.compactMap { path in
            guard let room = Room(path), seen.insert(room.disk).inserted else { return nil }
            return finding(room)
        }
    }

    func finding(_ room: Room) -> Finding {
        let text = "\(room.path): \(ByteCountText.text(room.free)) of \(ByteCountText.text(room.size)) free"
        if room.isShort(Self.critical) { return finding(.error, text, hint: "free some space, or writing fails soon") }
        if room.isShort(Self.low) { return finding(.warning, text, hint: "free some space; celery syncdb --compact shrinks celery.db") }
        if room.files > 0, Double(room.freeFiles) < Double(room.files) * 0.01 {
            return finding(.warning, "\(room.path): \(room.freeFiles) of \(room.files) inodes free", hint: "remove small files")
        }
        return finding(.ok, text)
    }

    /// The room on the disk of a path, in bytes and inodes.
    struct Room: Sendable {
        var path: String
        var disk: UInt = 0
        var free: Int
        var size: Int
        var freeFiles = 0
        /// 0 on disks that do not count them.
        var files = 0

        init(path: String, free: Int, size: Int) { (self.path, self.free, self.size) = (path, free, size) }

        /// The corresponding C function is `statvfs`.
        init?(_ path: String) {
            var status = statvfs()
            guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
            func bytes(_ blocks: UInt) -> Int { Int(clamping: blocks.multipliedReportingOverflow(by: status.f_frsize).partialValue) }
            self.init(path: path, free: bytes(status.f_bavail), size: bytes(status.f_blocks))
            (disk, freeFiles, files) = (status.f_fsid, Int(clamping: status.f_favail), Int(clamping: status.f_files))
        }

        func isShort(_ limit: (bytes: Int, share: Double)) -> Bool {
            // A large disk may have a small share free and be well, a small disk little at all.
            free < limit.bytes && Double(free) < Double(size) * limit.share * 10 || Double(free) < Double(size) * limit.share && free < limit.bytes * 16
        }
    }
}
