import CeleryCore
import Fixtures
import Glibc
import Synchronization
import Testing

@testable import Tasks

/// Task files that change while a worker works. The time is the test's own.
@Suite final class TaskFilesTests {
    private let project = TemporaryFolder()
    private let clock = ManualClock()
    private let writes = Mutex(0)

    /// Writes a program. Each is longer than the one before: the time of these tests passes faster than that of the kernel,
    /// which may give two files the same time.
    @discardableResult
    private func script(_ name: String, _ options: String = "", mode: mode_t = 0o755) -> String {
        let padding = writes.withLock { count in
            count += 1
            return String(repeating: "#", count: count)
        }
        return try! project.write("#!/bin/sh\n\(options.isEmpty ? "" : "# celery: \(options)\n")\(padding)\n", to: "a/tasks/\(name)", mode: mode)
    }

    private func path(_ name: String) -> String { project.file("a/tasks/\(name)") }

    private func files(_ taskGuard: TaskGuard? = nil) -> TaskFiles {
        TaskFiles(apps: ["a", "b"], in: project.path, builtIn: TaskRegistry(), guardedBy: taskGuard, now: clock.now)
    }

    /// Looks after so much time.
    private func look(_ files: inout TaskFiles, after seconds: Double = 0) -> TaskFileChanges {
        clock.advance(by: .seconds(seconds))
        return files.look(now: clock.now)
    }

    /// Looks until nothing is left that time alone would change. Returns what was found, in words.
    private func settle(_ files: inout TaskFiles) -> [String] {
        var found = words(look(&files))
        while let next = files.nextLook { found += words(look(&files, after: max(0.001, (next - clock.now).inSeconds))) }
        return found
    }

    private func words(_ changes: TaskFileChanges) -> [String] {
        changes.added.map { "+\($0.name)" } + changes.changed.map { "~\($0.name)" } + changes.removed.map { "-\($0.name)" }
            + changes.problems.map(\.description)
    }

    init() { script("one.sh") }

    @Test func `a new file is a task once it has been at rest for 300 ms`() {
        var files = files()
        #expect(files.registry.names == ["a.tasks.one"])
        script("two.sh", "max_retries=7")
        #expect(files.standing(of: "a.tasks.two") == .unknown)
        #expect(words(look(&files)) == [])
        #expect(files.standing(of: "a.tasks.two") == .changing)
        #expect(words(look(&files, after: 0.28)) == [])
        script("two.sh", "max_retries=77")
        #expect(words(look(&files, after: 0.01)) == [])
        #expect(words(look(&files, after: 0.29)) == [])
        #expect(words(look(&files, after: 0.02)) == ["+a.tasks.two"])
        #expect(files.standing(of: "a.tasks.two") == .current)
        #expect(files.registry["a.tasks.two"]?.options.maxRetries == 77)
        #expect(files.nextLook == nil)
    }

    @Test func `a changed file keeps its options until it is at rest, and its messages wait`() {
        var files = files()
        script("one.sh", "max_retries=7")
        #expect(files.standing(of: "a.tasks.one") == .changing)
        #expect(words(look(&files)) == [])
        #expect(files.registry["a.tasks.one"]?.options.maxRetries == 3)
        #expect(settle(&files) == ["~a.tasks.one"])
        #expect(files.registry["a.tasks.one"]?.options.maxRetries == 7)
        #expect(files.standing(of: "a.tasks.one") == .current)
    }

    @Test func `a file that never rests counts after five seconds`() {
        var files = files()
        var found: [String] = []
        for count in 1...41 where found.isEmpty {
            script("one.sh", "max_retries=\(count)")
            found = words(look(&files, after: 0.125))
        }
        #expect(found == ["~a.tasks.one"])
        #expect(files.registry["a.tasks.one"]?.options.maxRetries == 41)
    }

    @Test func `a name that has vanished is expected back for five seconds`() {
        var files = files()
        unlink(path("one.sh"))
        #expect(files.standing(of: "a.tasks.one") == .changing)
        #expect(words(look(&files)) == [])
        #expect(words(look(&files, after: 0.31)) == ["-a.tasks.one"])
        #expect(files.registry.isEmpty)
        _ = look(&files, after: 4.9)
        #expect(files.standing(of: "a.tasks.one") == .changing)
        _ = look(&files, after: 0.2)
        #expect(files.standing(of: "a.tasks.one") == .unknown)
        #expect(files.nextLook == nil)
    }

    @Test func `a file that comes and goes without rest is expected back until five seconds after it was last seen`() {
        var files = files()
        unlink(path("one.sh"))
        _ = look(&files)
        #expect(words(look(&files, after: 0.31)) == ["-a.tasks.one"])
        for _ in 0..<4 {
            script("one.sh")
            #expect(words(look(&files, after: 1.8)) == [])
            unlink(path("one.sh"))
            _ = look(&files, after: 0.1)
            #expect(files.standing(of: "a.tasks.one") == .changing)
        }
        _ = look(&files, after: 4.7)
        #expect(files.standing(of: "a.tasks.one") == .changing)
        _ = look(&files, after: 0.3)
        #expect(files.standing(of: "a.tasks.one") == .unknown)
        #expect(files.nextLook == nil)
    }

    @Test(arguments: ["rename over it", "write it again", "take it away and make it again", "move its folder away and back"])
    func `what an editor does to a file is a change of one task, or none`(_ way: String) {
        var files = files()
        let tasks = project.file("a/tasks")
        switch way {
        case "rename over it":
            script("one.sh.new~", "max_retries=7")
            rename(path("one.sh.new~"), path("one.sh"))
        case "write it again": script("one.sh", "max_retries=7")
        case "take it away and make it again":
            unlink(path("one.sh"))
            #expect(words(look(&files)) == [])
            #expect(words(look(&files, after: 0.2)) == [])
            script("one.sh", "max_retries=7")
        default:
            rename(tasks, tasks + ".away")
            #expect(words(look(&files)) == [])
            #expect(words(look(&files, after: 0.2)) == [])
            rename(tasks + ".away", tasks)
            #expect(settle(&files) == [])
            return
        }
        #expect(settle(&files) == ["~a.tasks.one"])
        #expect(files.registry["a.tasks.one"]?.options.maxRetries == 7)
    }

    @Test func `a renamed file is another task`() {
        var files = files()
        rename(path("one.sh"), path("two.sh"))
        #expect(settle(&files).sorted() == ["+a.tasks.two", "-a.tasks.one"])
        rename(path("two.sh"), path("two.py"))
        #expect(settle(&files) == ["~a.tasks.two"])
        #expect(files.registry["a.tasks.two"]?.source == "a/tasks/two.py")
    }

    @Test func `execute permission makes and ends a task, and a file that gets it at once is no problem before`() {
        var files = files()
        chmod(path("one.sh"), 0o644)
        #expect(settle(&files).sorted() == ["-a.tasks.one", "a/tasks/one.sh: is not executable; chmod +x a/tasks/one.sh"])
        chmod(path("one.sh"), 0o755)
        #expect(settle(&files) == ["+a.tasks.one"])
        script("two.sh", mode: 0o644)
        #expect(words(look(&files)) == [])
        chmod(path("two.sh"), 0o755)
        #expect(settle(&files) == ["+a.tasks.two"])
    }

    @Test func `permissions are checked anew, and other permissions are no change of the task`() {
        var files = files(TaskGuard(user: geteuid(), group: getegid()))
        chmod(path("one.sh"), 0o700)
        #expect(settle(&files) == [])
        chmod(path("one.sh"), 0o757)
        let (danger, isRoot) = ("a/tasks/one.sh: is writable by every user: ", geteuid() == 0)
        #expect(
            settle(&files).sorted()
                == (isRoot
                    ? ["-a.tasks.one", danger + "it is not run as root"]
                    : [danger + "anyone who can change it controls what the worker runs"]))
        chmod(path("one.sh"), 0o755)
        #expect(settle(&files) == (isRoot ? ["+a.tasks.one"] : []))
        // Of the folder as well, which changes nothing of the file.
        chmod(project.file("a/tasks"), 0o777)
        #expect(!settle(&files).isEmpty)
        #expect(files.registry.isEmpty == isRoot)
        chmod(project.file("a/tasks"), 0o755)
        #expect(settle(&files) == (isRoot ? ["+a.tasks.one"] : []))
    }

    @Test func `wrong option lines keep the earlier options of a task, and make no new task`() {
        var files = files()
        script("one.sh", "max_retries=7")
        _ = settle(&files)
        script("one.sh", "max_retrys=8")
        let mistake = "unknown option 'max_retrys'; did you mean 'max_retries'?"
        #expect(settle(&files) == ["~a.tasks.one", "a/tasks/one.sh:2: \(mistake): the task keeps its earlier options"])
        #expect(files.registry["a.tasks.one"]?.options.maxRetries == 7)
        #expect(files.standing(of: "a.tasks.one") == .current)
        // Said once, as long as the file stays as it is.
        #expect(settle(&files) == [])
        #expect(files.problems.filter { $0.file == "a/tasks/one.sh" }.count == 1)
        script("one.sh", "max_retries=8")
        #expect(settle(&files) == ["~a.tasks.one"])
        #expect(files.problems.allSatisfy { $0.file == "b" })
        script("two.sh", "max_retrys=8")
        #expect(settle(&files) == ["a/tasks/two.sh:2: \(mistake)"])
        #expect(files.registry.names == ["a.tasks.one"])
        // A worker that starts now has no earlier options.
        script("one.sh", "max_retrys=8")
        #expect(self.files().registry.isEmpty)
    }

    @Test func `a second file of the same name does not replace a task`() {
        var files = files()
        script("one.py")
        #expect(settle(&files) == ["a/tasks/one.py: has the same task name as a/tasks/one.sh, 'a.tasks.one', which is run until it is removed"])
        unlink(path("one.sh"))
        #expect(settle(&files) == ["~a.tasks.one"])
        #expect(files.registry["a.tasks.one"]?.source == "a/tasks/one.py")
    }

    @Test func `the target of a link counts, wherever it is`() throws {
        let target = try project.write("#!/bin/sh\n", to: "elsewhere/two.sh", mode: 0o755)
        symlink(target, path("two.sh"))
        var files = files()
        #expect(files.watched.contains(WatchedPath(path: path("two.sh"), role: .link)))
        try project.write("#!/bin/sh\n# celery: max_retries=7\n", to: "elsewhere/two.sh", mode: 0o755)
        #expect(settle(&files) == ["~a.tasks.two"])
        unlink(target)
        #expect(settle(&files).sorted() == ["-a.tasks.two", "a/tasks/two.sh: is a broken link"])
    }

    @Test func `a tasks folder may be made later`() throws {
        var files = files()
        let missing = "b: INSTALLED_APPS names 'b', but there is no folder b"
        #expect(files.problems.map(\.description) == [missing])
        #expect(files.watched.contains(WatchedPath(path: project.file("b"), role: .above)))
        #expect(files.watched.contains(WatchedPath(path: project.file(""), role: .above)))
        try project.write("#!/bin/sh\n", to: "b/tasks/sub/three.sh", mode: 0o755)
        #expect(settle(&files) == ["+b.tasks.sub.three"])
        #expect(files.watched.contains(WatchedPath(path: project.file("b/tasks/sub"), role: .tasks)))
        #expect(files.problems.isEmpty)
    }

    @Test func `a file without execute permission that grows is not looked at again and again`() throws {
        var files = files()
        for line in 1...3 {
            try project.write("output \(line)\n", to: "a/tasks/notes.txt")
            #expect(words(look(&files)) == [])
            #expect(files.nextLook == nil)
        }
    }

    @Test func `after any course of events the tasks are those that a new worker would find`() {
        for seed in 0..<UInt64(fuzzRounds(40)) {
            var generator = SeededGenerator(seed: seed)
            var files = files()
            for _ in 0..<30 {
                let name = ["one.sh", "one.py", "two.sh", "sub/three.sh"].randomElement(using: &generator)!
                switch Int.random(in: 0..<7, using: &generator) {
                case 0, 1: script(name, "max_retries=\(Int.random(in: 1...99, using: &generator))")
                case 2: unlink(path(name))
                case 3: chmod(path(name), Bool.random(using: &generator) ? 0o755 : 0o644)
                case 4: rename(path(name), path("two.sh"))
                default: break
                }
                _ = look(&files, after: [0, 0.1, 0.31, 6].randomElement(using: &generator)!)
            }
            // Of two files with one name the earlier stays; a new worker would take neither.
            unlink(path("one.py"))
            _ = settle(&files)
            let fresh = self.files().registry.sorted
            #expect(files.registry.names == fresh.map(\.name), "seed \(seed)")
            #expect(files.registry.sorted.map(\.options) == fresh.map(\.options), "seed \(seed)")
            #expect(files.registry.names.allSatisfy { files.standing(of: $0) == .current }, "seed \(seed)")
        }
    }
}
