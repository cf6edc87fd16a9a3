import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import Glibc
import Processes
import SQLite
import Testing

/// Too little room, too few rights.
@Suite(.timeLimit(.minutes(3))) struct SQLiteRoomTests {
    let folder = TemporaryFolder()
    let probe = BuiltProgram("DriverProbe")
    var path: String { folder.file("celery.db") }

    @Test func `says that a folder cannot be written`() throws {
        chmod(folder.path, 0o555)
        let (output, _) = try probe.run("as-nobody", "open", path)
        chmod(folder.path, 0o755)
        #expect(output == "cannotCreate: cannot create database \(path): permission denied\n")
        #expect(folder.names == [])
    }

    @Test func `a file that cannot be written is read all the same, and left as it is`() throws {
        try DatabaseFile(path: path).close()
        let before = folder.bytes("celery.db")
        chmod(path, 0o444)
        chmod(folder.path, 0o555)
        let (output, _) = try probe.run("as-nobody", "open", path)
        chmod(folder.path, 0o755)
        #expect(output == "opened\n")
        #expect(folder.bytes("celery.db") == before)
        #expect(folder.names == ["celery.db"])
    }

    @Test func `says that a file cannot be read`() throws {
        try DatabaseFile(path: path).close()
        chmod(path, 0)
        let (output, _) = try probe.run("as-nobody", "open", path)
        #expect(output == "noPermission: cannot read database \(path): permission denied\n")
    }

    /// What was accepted before the room ended is all there, and nothing of what was refused.
    private func expect(accepted output: String, of path: String) async throws {
        let accepted = try #require(Int(output.split(separator: "\n").first?.split(separator: " ").last ?? ""))
        #expect(accepted > 0)
        let broker = SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { _ in nil }
        let counts = try await broker.file.read { db in
            [try Int.fetchOne(db, sql: "SELECT count(*) FROM message"), try Int.fetchOne(db, sql: "SELECT count(*) FROM ready")]
        }
        #expect(counts == [accepted, accepted])
        #expect(try await broker.file.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        // With room again it goes on.
        try await broker.publish([Message("after")])
        #expect(try await broker.queues().map(\.ready) == [accepted + 1])
        await broker.close()
    }

    @Test func `a file that may not grow refuses, and keeps what it accepted`() async throws {
        let (output, _) = try probe.run("at-most", "1000000", "fill", path)
        #expect(
            output.hasSuffix("\ntryAgain: cannot write database \(path): disk input/output error; check whether the disk is full\n"),
            "\(output)")
        try await expect(accepted: output, of: path)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func `a full disk refuses, and keeps what it accepted`() async throws {
        let disk = try SmallDisk(at: folder.file("disk"), kilobytes: 2_048)
        let path = disk.path + "/celery.db"
        let (output, _) = try probe.run("fill", path)
        #expect(
            output.hasSuffix("\ntryAgain: no space left for database \(path); free some disk space; nothing was accepted\n"),
            "\(output)")
        try disk.grow(kilobytes: 20_480)
        try await expect(accepted: output, of: path)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func `a full disk takes no new file, and no half of one`() async throws {
        let disk = try SmallDisk(at: folder.file("disk"), kilobytes: 16)
        let path = disk.path + "/celery.db"
        let (output, _) = try probe.run("open", path)
        #expect(
            output == """
                cannotCreate: cannot create database \(path): no space left for database \(path); \
                free some disk space; nothing was accepted

                """)
        #expect(try capture(Spawn("/bin/ls", arguments: ["ls", disk.path], environment: .current())).output == "")
    }
}

/// A file system in memory of a given size. Gone with the object.
final class SmallDisk {
    let path: String

    /// Tried once: a container may not have the right.
    static let isAvailable: Bool = {
        let folder = TemporaryFolder()
        return (try? SmallDisk(at: folder.file("disk"), kilobytes: 64)) != nil
    }()

    init(at path: String, kilobytes: Int) throws {
        self.path = path
        mkdir(path, 0o755)
        let mounting = mount("celery-tests", path, "tmpfs", 0, "size=\(kilobytes)k")
        if mounting != 0 { throw SystemError(errno, "mount", path: path) }
    }

    func grow(kilobytes: Int) throws {
        if mount("celery-tests", path, "tmpfs", UInt(MS_REMOUNT), "size=\(kilobytes)k") != 0 {
            throw SystemError(errno, "remount", path: path)
        }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}
