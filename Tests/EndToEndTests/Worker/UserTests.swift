import Fixtures
import Glibc
import Testing

/// The user that tests become when they are to have no rights.
private enum OtherUser {
    static let isPossible: Bool = {
        guard getuid() == 0, let project = try? Project() else { return false }
        return (try? project.run("\(asNobody) celery version").status) == 0
    }()

    /// Runs the rest of a line as that user.
    static let asNobody = "setpriv --reuid nobody --regid nogroup --clear-groups"
}

/// Rights: other users, folders that cannot be written.
///
/// Needs root, and programs and libraries that the user nobody may run.
@Suite(.blocking, .enabled(if: OtherUser.isPossible, "needs root, and a build that the user nobody may read"))
struct UserTests {
    @Test func `the worker becomes another user`() throws {
        let project = try Project()
        try project.task("id.sh", "#!/bin/sh\nid -un\nid -gn\n")
        _ = try project.run("chown nobody . && \(OtherUser.asNobody) celery syncdb").text
        try project.startWorker("-u nobody -g nogroup --umask 077")
        let status = String(decoding: Leftovers.content("/proc/\(try project.workerID)/status"), as: UTF8.self)
        #expect(status.contains("Uid:\t65534\t65534\t65534\t65534\n"))
        #expect(status.contains("Gid:\t65534\t65534\t65534\t65534\n"))
        #expect(status.contains("Umask:\t0077\n"))
        try project.expect("celery apply demo.tasks.id --wait", Ended("nobody\nnogroup\n"))
        try project.expect("stat -c %U w.log", Ended("nobody\n"))
        try project.stopWorker()
    }

    @Test func `the worker works in another root`() throws {
        let project = try Project()
        // The same one under another name: what matters is that paths are seen from there.
        try project.startWorker("--chroot /proc/self/root")
        #expect(try project.run("celery apply demo.tasks.add 1 --wait") == Ended("1\n"))
        try project.stopWorker()
    }

    @Test func `a user who is not root cannot become another`() throws {
        let project = try Project()
        _ = try project.run("chown -R nobody .").text
        let ended = try project.run("\(OtherUser.asNobody) celery celeryd -u root")
        #expect(ended.status == 77)
        #expect(ended.errors.hasPrefix("celery celeryd: cannot "))
    }

    @Test func `a folder that cannot be written`() throws {
        let project = try Project()
        let file = "\(project.path)/celery.db"
        try project.expect(
            "\(OtherUser.asNobody) celery apply demo.tasks.add",
            Ended(errors: "celery apply: cannot create database \(file): permission denied\n", status: 73))
        #expect(try project.run("\(OtherUser.asNobody) celery startproject x").status == 77)
        let detached = try project.run("\(OtherUser.asNobody) celery celeryd --detach")
        #expect(detached.status == 73)
        #expect(detached.errors == "celery celeryd: cannot create pidfile \(project.path)/celeryd.pid: permission denied\n")
        _ = try project.run("celery syncdb").text
        let ended = try project.run("\(OtherUser.asNobody) celery apply demo.tasks.add")
        #expect(ended.status == 77)
        #expect(ended.errors.hasPrefix("celery apply: cannot "))
        #expect(ended.errors.contains(file))
    }

    @Test func `a user who may only read the database watches queues, workers, tasks and statistics`() throws {
        let project = try Project()
        try project.write(
            project.read("celery.toml") + "\nCELERY_FILE_GROUP = \"nogroup\"\nCELERY_SQLITE_GROUP_ACCESS = \"read\"\nCELERY_STATISTICS = true\n",
            to: "celery.toml")
        let id = try project.apply("demo.tasks.add 2 3")
        func watch(_ workers: Int32) throws {
            #expect(try project.run("\(OtherUser.asNobody) celery queues").status == 0)
            #expect(try project.run("\(OtherUser.asNobody) celery status").status == workers)
            try project.expect("\(OtherUser.asNobody) celery status \(id)", Ended("\(id)\tSUCCESS\n"))
            try project.expect("\(OtherUser.asNobody) celery result \(id)", Ended("5\n"))
            #expect(try project.run("\(OtherUser.asNobody) celery list").output.hasPrefix("\(id)\tSUCCESS\t"))
            #expect(try project.run("\(OtherUser.asNobody) celery stats").output.contains("demo.tasks.add"))
        }
        try project.startWorker()
        _ = try project.run("celery result --wait \(id)").text
        #expect(try eventually { try project.run("celery stats").output.contains("demo.tasks.add") })
        try watch(0)
        try project.stopWorker()
        try watch(69)
        // Moved or restored without the files beside it, which this user cannot create.
        _ = try project.run("rm -f celery.db-wal celery.db-shm").text
        try watch(69)
        #expect(try project.run("ls").output.contains("celery.db\n") && !project.exists("celery.db-shm"))
        #expect(try project.run("\(OtherUser.asNobody) celery apply demo.tasks.add").status == 77)
    }

    @Test func `a database opened to others while a worker has it can be read after the owner's next command`() throws {
        let project = try Project()
        try project.startWorker()
        _ = try project.run("celery apply demo.tasks.add 1 --wait").text
        _ = try project.run("chmod o+r celery.db").text
        let refused = try project.run("\(OtherUser.asNobody) celery queues")
        #expect(refused.status == 77)
        #expect(refused.errors.contains("\nhint: a user who may only read the database needs to read"))
        #expect(try project.run("celery queues").status == 0)
        #expect(try project.run("\(OtherUser.asNobody) celery queues").lines.last?.hasPrefix("celery\t") == true)
        // And closed again.
        _ = try project.run("chmod o-r celery.db; celery queues").text
        try project.expect("stat -c %a celery.db-wal celery.db-shm", Ended("600\n600\n"))
        try project.stopWorker()
    }

    @Test func `settings and tasks that may not be read`() throws {
        let project = try Project()
        _ = try project.run("chmod 700 demo/tasks/add.sh").text
        let tasks = try project.run("\(OtherUser.asNobody) celery tasks")
        #expect(tasks.status == 65)
        #expect(tasks.errors.contains("celery tasks: demo/tasks/add.sh: "))
        _ = try project.run("chmod 600 celery.toml").text
        try project.expect(
            "\(OtherUser.asNobody) celery tasks",
            Ended(errors: "celery tasks: cannot read celery.toml: permission denied\n", status: 77))
    }
}
