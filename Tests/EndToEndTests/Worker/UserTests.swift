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
