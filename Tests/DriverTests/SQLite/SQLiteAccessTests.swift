import Brokers
import CeleryCore
@testable import CeleryDB
import Fixtures
import Glibc
import Synchronization
import Testing

/// Who may use a database file.
@Suite(.timeLimit(.minutes(3))) struct SQLiteAccessTests {
    let folder = TemporaryFolder()
    var path: String { folder.file("celery.db") }

    private func access(_ group: String, writes: Bool = true) -> DatabaseAccess {
        var settings = Settings(projectFolder: folder.path)
        settings.fileGroup = group
        settings.databaseGroupWrites = writes
        return DatabaseAccess(settings)
    }

    /// Of the file and those beside it.
    private var modes: [String] {
        ["", "-shm", "-wal"].map { suffix in
            var status = stat()
            stat(path + suffix, &status)
            return String(status.st_mode & 0o777, radix: 8)
        }
    }

    @Test func `a new file is its owner's alone, and so are the files beside it`() throws {
        let file = try DatabaseFile(path: path)
        #expect(modes == ["600", "600", "600"])
        file.close()
    }

    @Test(arguments: [(true, "660"), (false, "640")])
    func `a group that is named may use a new file`(_ writes: Bool, _ mode: String) throws {
        let file = try DatabaseFile(path: path, access: access("\(getegid())", writes: writes))
        #expect(modes == [mode, mode, mode])
        var status = stat()
        stat(path, &status)
        #expect(status.st_gid == getegid())
        file.close()
    }

    @Test func `a file that is there keeps the mode its owner gave it`() throws {
        try DatabaseFile(path: path).close()
        chmod(path, 0o644)
        let file = try DatabaseFile(path: path, access: access("\(getegid())"))
        #expect(modes == ["644", "644", "644"])
        file.close()
    }

    @Test(.enabled(if: getuid() == 0, "needs root")) func `a group that may read can do so at all times, and is told that it may not write`() async throws {
        let broker = SQLiteBroker(file: try DatabaseFile(path: path, access: access("65534", writes: false)), resultExpires: nil) { _ in nil }
        try await broker.publish([Message("a"), Message("b")])
        let told = "2\nnoPermission: cannot write to database \(path): this user may only read it\n"
        #expect(try BuiltProgram("DriverProbe").run("as-nobody", "count", path).output == told)
        await broker.close()
        // For those who may not make them.
        #expect(folder.names == ["celery.db", "celery.db-shm", "celery.db-wal"])
        #expect(try BuiltProgram("DriverProbe").run("as-nobody", "count", path).output == told)
    }

    @Test(.enabled(if: getuid() == 0, "needs root")) func `a database alone is read, and what is committed later`() async throws {
        let broker = SQLiteBroker(file: try DatabaseFile(path: path, access: access("65534", writes: false)), resultExpires: nil) { _ in nil }
        try await broker.publish([Message("a"), Message("b")])
        await broker.close()
        unlink(path + "-wal")
        unlink(path + "-shm")
        let told = "noPermission: cannot write to database \(path): this user may only read it\n"
        #expect(try BuiltProgram("DriverProbe").run("as-nobody", "count", path).output == "2\n" + told)
        // Nothing was created.
        #expect(folder.names == ["celery.db"])
        let again = SQLiteBroker(file: try DatabaseFile(path: path), resultExpires: nil) { _ in nil }
        try await again.publish([Message("c")])
        #expect(try BuiltProgram("DriverProbe").run("as-nobody", "count", path).output == "3\n" + told)
        await again.close()
        #expect(try BuiltProgram("DriverProbe").run("as-nobody", "count", path).output == "3\n" + told)
    }

    @Test func `a transaction that was disturbed by a commit begins anew`() async throws {
        let file = try DatabaseFile(path: path)
        file.close()
        let still = StillFile(path)
        #expect(still.isStill)
        let runs = Mutex(0)
        let value = try await still.read { [path] db in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            if run == 1 { utimensat(AT_FDCWD, path, nil, 0) }
            return run
        }
        #expect(value == 2)
    }

    @Test func `the files beside a database get its mode from the next who opens it`() throws {
        let file = try DatabaseFile(path: path)
        chmod(path, 0o644)
        #expect(modes == ["644", "600", "600"])
        let other = try DatabaseFile(path: path)
        #expect(modes == ["644", "644", "644"])
        other.close()
        file.close()
    }

    @Test(.enabled(if: getuid() == 0, "needs root")) func `others are told that they may not even read`() throws {
        try DatabaseFile(path: path).close()
        let output = try BuiltProgram("DriverProbe").run("as-nobody", "count", path).output
        #expect(output == "noPermission: cannot read database \(path): permission denied\n")
    }

    @Test func `a group that is not there makes no file`() throws {
        let error = #expect(throws: DriverError.self) { try DatabaseFile(path: path, access: access("no-such-group")) }
        #expect(error?.code == .configuration)
        #expect(error?.message == "cannot give database \(path) to its group: cannot find group no-such-group: there is no such group")
        #expect(folder.names == [])
    }
}
