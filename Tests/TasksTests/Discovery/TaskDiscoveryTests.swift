import CeleryCore
import Fixtures
import Glibc
import Testing

@testable import Tasks

@Suite struct TaskDiscoveryTests {
    private let project = TemporaryFolder()

    private func script(_ name: String, _ text: String = "#!/bin/sh\n", mode: mode_t = 0o755) {
        try! project.write(text, to: name, mode: mode)
    }

    private func discover(_ apps: String...) -> TaskDiscovery { TaskDiscovery(apps: apps, in: project.path) }

    private func problems(_ discovery: TaskDiscovery) -> [String] { discovery.problems.map(\.description) }

    @Test func `an executable in the tasks folder of an app is named by its path`() throws {
        script("thumbs/tasks/make.sh", "#!/bin/sh\n# celery: queue=images\n")
        script("thumbs/tasks/clean")
        script("thumbs/other/no.sh")
        let found = discover("thumbs")
        #expect(found.definitions.map(\.name) == ["thumbs.tasks.clean", "thumbs.tasks.make"])
        #expect(found.problems.isEmpty)
        let make = try #require(found.definitions.last)
        #expect(make.source == "thumbs/tasks/make.sh")
        #expect(make.options.queue == "images")
        guard case .program(let path) = make.kind else { throw Unexpected() }
        #expect(path == project.path + "/thumbs/tasks/make.sh")
    }

    @Test func `sub folders and apps with dots add to the name`() {
        script("shop/mail/tasks/daily/report.py")
        #expect(discover("shop.mail").definitions.map(\.name) == ["shop.mail.tasks.daily.report"])
    }

    @Test func `links to programs and to folders are followed`() {
        script("real/program.sh")
        script("real/more/extra.sh")
        try! project.write("", to: "a/tasks/x")
        symlink("../../real/program.sh", project.path + "/a/tasks/linked.sh")
        symlink("../../real/more", project.path + "/a/tasks/more")
        #expect(discover("a").definitions.map(\.name) == ["a.tasks.linked", "a.tasks.more.extra"])
    }

    @Test func `a link that leads back is a problem, not an endless walk`() {
        script("a/tasks/one.sh")
        symlink(".", project.path + "/a/tasks/again")
        let found = discover("a")
        #expect(found.definitions.map(\.name) == ["a.tasks.one"])
        #expect(problems(found) == ["a/tasks/again: is a link to a parent folder; it is not followed"])
    }

    @Test func `a link to nothing is a problem`() {
        script("a/tasks/one.sh")
        symlink("gone", project.path + "/a/tasks/two.sh")
        #expect(problems(discover("a")) == ["a/tasks/two.sh: is a broken link"])
    }

    @Test func `what editors and interpreters leave behind is passed over`() {
        for name in [".hidden.sh", "make.sh~", "#make.sh#", "make.sh.bak", "make.pyc", "__pycache__/make.py", ".git/hook"] {
            script("a/tasks/" + name)
        }
        script("a/tasks/make.sh")
        let found = discover("a")
        #expect(found.definitions.map(\.name) == ["a.tasks.make"])
        #expect(found.problems.isEmpty)
    }

    @Test func `a script without its run bit is a problem`() {
        script("thumbs/tasks/make.sh", mode: 0o644)
        let found = discover("thumbs")
        #expect(found.definitions.isEmpty)
        #expect(problems(found) == ["thumbs/tasks/make.sh: is not executable; chmod +x thumbs/tasks/make.sh"])
    }

    @Test func `a binary without its run bit is a problem as well`() {
        script("a/tasks/tool", "\u{7F}ELF", mode: 0o644)
        #expect(problems(discover("a")) == ["a/tasks/tool: is not executable; chmod +x a/tasks/tool"])
    }

    @Test func `a file that neither runs nor looks like a program is passed over`() {
        script("a/tasks/README", "Read me\n", mode: 0o644)
        script("a/tasks/__init__.py", "", mode: 0o644)
        let found = discover("a")
        #expect(found.problems.isEmpty)
        #expect(found.passedOver == ["a/tasks/README", "a/tasks/__init__.py"])
    }

    @Test func `a pipe is passed over`() {
        script("a/tasks/one.sh")
        mkfifo(project.path + "/a/tasks/pipe", 0o777)
        #expect(discover("a").passedOver == ["a/tasks/pipe"])
    }

    @Test func `of two files for one name neither is a task, and both are named`() {
        script("thumbs/tasks/make.sh")
        script("thumbs/tasks/make.py")
        script("thumbs/tasks/other.sh")
        let found = discover("thumbs")
        #expect(found.definitions.map(\.name) == ["thumbs.tasks.other"])
        #expect(
            problems(found) == [
                "thumbs/tasks/make.py: has the same task name as thumbs/tasks/make.sh, 'thumbs.tasks.make'; neither is run"
            ])
    }

    @Test func `a task whose options are wrong is no task`() {
        script("a/tasks/make.sh", "#!/bin/sh\n# celery: time_limits=30\n")
        let found = discover("a")
        #expect(found.definitions.isEmpty)
        #expect(problems(found) == ["a/tasks/make.sh:2: unknown option 'time_limits'; did you mean 'time_limit'?"])
    }

    @Test(arguments: ["a b.sh", "make.tar.sh", "caf\u{E9}.sh", "x;y.sh"])
    func `a name that cannot be typed plainly is a problem`(name: String) {
        script("a/tasks/" + name)
        #expect(
            problems(discover("a")) == [
                "a/tasks/\(name): is not a valid task name: use letters, digits, _ and -, and at most one extension"
            ])
    }

    @Test func `so is a folder of such a name`() {
        script("a/tasks/b.c/one.sh")
        #expect(problems(discover("a")) == ["a/tasks/b.c: cannot be part of a task name: use letters, digits, _ and -"])
    }

    @Test func `a name that is not UTF-8 is a problem`() {
        script("a/tasks/one.sh")
        var path = Array((project.path + "/a/tasks/").utf8CString.dropLast())
        path += [CChar(bitPattern: 0xFF), 0]
        close(open(path, O_CREAT | O_WRONLY, 0o755))
        let found = discover("a")
        #expect(problems(found) == ["a/tasks/\u{FFFD}: has a name that is not UTF-8"])
        unlink(path)
    }

    @Test func `an app without a folder is a problem, one without tasks is not`() {
        script("mail/views.py", mode: 0o644)
        script("file", mode: 0o644)
        let found = discover("mail", "thumbs", "file", "../etc", "a..b", "", "file.sub")
        #expect(found.definitions.isEmpty)
        #expect(
            problems(found) == [
                ": INSTALLED_APPS names '', which is not a valid app name: use letters, digits, _ and -, separated by dots",
                "../etc: INSTALLED_APPS names '../etc', which is not a valid app name: use letters, digits, _ and -, separated by dots",
                "a..b: INSTALLED_APPS names 'a..b', which is not a valid app name: use letters, digits, _ and -, separated by dots",
                "file: INSTALLED_APPS names 'file', but file is not a folder",
                "file/sub: INSTALLED_APPS names 'file.sub', but file/sub cannot be read: not a directory",
                "thumbs: INSTALLED_APPS names 'thumbs', but there is no folder thumbs",
            ])
    }

    @Test func `the app celery of the original's README needs no folder`() {
        #expect(discover("celery").problems.isEmpty)
    }

    @Test func `an app named twice is looked at once`() {
        script("a/tasks/one.sh")
        let found = discover("a", "a")
        #expect(found.definitions.count == 1)
        #expect(found.problems.isEmpty)
    }

    @Test func `a file or folder that may not be read is a problem`() throws {
        script("a/tasks/one.sh")
        script("a/tasks/secret.sh", mode: 0o711)
        script("a/tasks/data", "x", mode: 0o600)
        script("a/tasks/sub/two.sh")
        script("b/tasks/three.sh")
        chmod(project.path + "/a/tasks/sub", 0o000)
        chmod(project.path + "/b", 0o000)
        defer { chmod(project.path + "/b", 0o755) }
        let found = try asOrdinaryUser { discover("a", "b") }
        #expect(found.definitions.map(\.name) == ["a.tasks.one"])
        // A test run by the owner himself may read what is his.
        guard geteuid() == 0 else { return }
        #expect(
            problems(found) == [
                "a/tasks/data: cannot be read: permission denied", "a/tasks/secret.sh: cannot be read: permission denied",
                "a/tasks/sub: cannot be read: permission denied", "b/tasks: cannot be read: permission denied",
            ])
    }

    @Test func `a program that others may run and we may not is a problem`() throws {
        guard geteuid() == 0 else { return }
        script("a/tasks/one.sh", mode: 0o744)
        let found = try asOrdinaryUser { discover("a") }
        #expect(found.definitions.isEmpty)
        #expect(problems(found) == ["a/tasks/one.sh: cannot be executed by this user; check its owner and mode"])
    }

    @Test func `a project folder that is gone makes each app a problem`() {
        let found = TaskDiscovery(apps: ["a"], in: project.path + "/gone")
        #expect(found.problems.map(\.description) == ["a: INSTALLED_APPS names 'a', but there is no folder a"])
    }
}

/// Something came that a test cannot go on with.
struct Unexpected: Error {}
