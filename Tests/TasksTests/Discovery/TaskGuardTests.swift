import Glibc
import Fixtures
import Testing

@testable import Tasks

/// Who may change a task.
@Suite(.enabled(if: geteuid() == 0, "needs root, which may give files away")) struct TaskGuardTests {
    private let project = TemporaryFolder()
    private static let nobody: uid_t = 65_534
    private var root: TaskGuard { TaskGuard(user: 0, group: 0) }
    private var user: TaskGuard { TaskGuard(user: 1_000, group: 1_000) }

    private func discover(_ taskGuard: TaskGuard) -> TaskDiscovery {
        TaskDiscovery(apps: ["a"], in: project.path, guardedBy: taskGuard)
    }

    @Test func `what only root and the worker's user may change is safe`() throws {
        let file = try project.write("#!/bin/sh\n", to: "a/tasks/t.sh", mode: 0o755)
        for taskGuard in [root, user] {
            #expect(discover(taskGuard).problems.isEmpty)
            #expect(taskGuard.danger(ofProgram: file, in: project.path) == nil)
        }
        chown(file, 1_000, 1_000)
        chmod(file, 0o775)
        #expect(discover(user).problems.isEmpty)
        #expect(user.danger(ofProgram: file, in: project.path) == nil)
        // The group of root is as good as root.
        chown(file, 0, 0)
        #expect(discover(user).problems.isEmpty)
    }

    @Test(arguments: [
        (0o757, 0, 0, "is writable by every user"), (0o775, 0, 65_534, "is writable by the group nogroup"),
        (0o755, 65_534, 0, "belongs to user nobody"),
    ] as [(mode_t, uid_t, gid_t, String)])
    func `a program that others may change is no task of root's, and a warning for another`(
        _ mode: mode_t, _ owner: uid_t, _ group: gid_t, _ danger: String
    ) throws {
        let file = try project.write("#!/bin/sh\n", to: "a/tasks/t.sh")
        chown(file, owner, group)
        chmod(file, mode)
        let refused = discover(root)
        #expect(refused.definitions.isEmpty)
        #expect(refused.problems.map(\.description) == ["a/tasks/t.sh: \(danger): it is not run as root"])
        #expect(refused.problems.allSatisfy { !$0.isWarning })
        let warned = discover(user)
        #expect(warned.definitions.map(\.name) == ["a.tasks.t"])
        #expect(warned.problems.map(\.description) == ["a/tasks/t.sh: \(danger): anyone who can change it controls what the worker runs"])
        #expect(warned.problems.allSatisfy { $0.isWarning })
        #expect(root.danger(ofProgram: file, in: project.path) == "a/tasks/t.sh \(danger)")
        // Whoever submits does not mind.
        #expect(TaskDiscovery(apps: ["a"], in: project.path).definitions.count == 1)
    }

    @Test(arguments: ["a/tasks/sub", "a/tasks", "a", ""]) func `so is a folder that others may write, up to the project's`(_ name: String) throws {
        let file = try project.write("#!/bin/sh\n", to: "a/tasks/sub/t.sh", mode: 0o755)
        chmod("\(project.path)/\(name)", 0o777)
        let found = discover(root)
        #expect(found.definitions.isEmpty)
        let place = name.isEmpty ? project.path : name
        #expect(found.problems.map(\.description) == ["\(place): is writable by every user: no task in it is run as root"])
        #expect(discover(user).definitions.count == 1)
        #expect(root.danger(ofProgram: file, in: project.path) == (name.isEmpty ? "the project's folder" : name) + " is writable by every user")
    }

    @Test func `of a link counts what it leads to`() throws {
        try project.write("#!/bin/sh\n", to: "a/tasks/x.sh", mode: 0o755)
        let target = try project.write("#!/bin/sh\n", to: "out/t.sh", mode: 0o755)
        let link = "\(project.path)/a/tasks/t"
        symlink(target, link)
        #expect(discover(root).problems.isEmpty)
        chmod("\(project.path)/out", 0o777)
        #expect(discover(root).problems.map(\.description) == ["a/tasks/t: is a link to a file in \(project.path)/out, which is writable by every user: it is not run as root"])
        #expect(root.danger(ofProgram: link, in: project.path) == "out is writable by every user")
        chmod("\(project.path)/out", 0o755)
        chown(target, Self.nobody, 0)
        #expect(discover(root).problems.map(\.description) == ["a/tasks/t: belongs to user nobody: it is not run as root"])
        #expect(root.danger(ofProgram: link, in: project.path) == "a/tasks/t belongs to user nobody")
    }

    @Test func `a project in a folder as /tmp is one`() throws {
        try project.write("#!/bin/sh\n", to: "a/tasks/t.sh", mode: 0o755)
        chmod(project.path, 0o1777)
        #expect(discover(root).problems.isEmpty)
    }
}
