import Fixtures
import Glibc
import Processes
import Testing

// What happens to broker, result store and disk.
extension FateTests {
    @Test(arguments: FateCase.all) func `the broker restarts`(_ fate: FateCase) throws {
        let server = fate.place == .rabbitMQ ? try RabbitMQServer.start(options: ["--management"]) : nil
        let run = try FateRun(fate, FateRun.waits, server: server)
        try run.start()
        let id = try run.apply()
        #expect(run.hasBegun())
        if let server {
            try server.perform("restart")
        } else {
            // Nothing of a file can restart; but it can be locked by somebody for a while.
            _ = try run.project.start("sqlite3 celery.db 'BEGIN IMMEDIATE' '.shell touch locked; sleep 2' COMMIT")
            #expect(eventually { run.project.exists("locked") })
        }
        try run.go()
        #expect(try run.result(of: id) == Ended("attempt 1\n"))
        #expect(try run.isEmpty())
        #expect(run.runs == ["1 0"])
        if let server { try server.perform("stop") }
    }

    @Test(arguments: FateCase.all.filter { $0.place == .rabbitMQ }) func `the result store is away`(_ fate: FateCase) throws {
        let store = try RabbitMQServer.start(options: ["--management"])
        let run = try FateRun(fate, FateRun.waits, store: store)
        try run.start()
        let id = try run.apply()
        #expect(run.hasBegun())
        try store.perform("kill")
        try run.go()
        #expect(eventually { run.project.read("w.log").contains("cannot record 1 outcome") })
        try store.perform("restart")
        #expect(try run.result(of: id) == Ended("attempt 1\n"))
        #expect(run.runs == ["1 0"])
        try store.perform("stop")
    }

    @Test(arguments: FateCase.all) func `the disk is full`(_ fate: FateCase) throws {
        let disk = try SmallDisk(megabytes: 2)
        let run = try FateRun(fate, FateRun.waits, folder: disk.folder)
        try run.start()
        let id = try run.apply()
        #expect(run.hasBegun())
        try disk.fill()
        try run.go()
        #expect(eventually { run.project.read("w.log").contains("cannot record 1 outcome") })
        try disk.free()
        #expect(try run.result(of: id) == Ended("attempt 1\n"))
        #expect(try run.isEmpty())
        #expect(run.runs == ["1 0"])
    }
}

/// A disk that is soon full, and goes with the test. Needs root.
final class SmallDisk: Sendable {
    let folder: String

    init(megabytes: Int) throws {
        var template = Array("/tmp/celery-disk.XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        let status = mount("tmpfs", folder, "tmpfs", 0, "size=\(megabytes)m")
        try #require(status == 0, "cannot mount a tmpfs: this test needs root")
    }

    deinit {
        umount2(folder, Int32(MNT_DETACH))
        rmdir(folder)
    }

    func fill() throws {
        let descriptor = open("\(folder)/ballast", O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        let bytes = [UInt8](repeating: 0, count: 4_096)
        while write(descriptor, bytes, bytes.count) > 0 {}
    }

    func free() throws { unlink("\(folder)/ballast") }
}
