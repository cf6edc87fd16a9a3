import Fixtures
import Glibc
import Testing

@testable import CeleryDB

/// Being told that a file has changed.
@Suite(.timeLimit(.minutes(1))) struct ChangeWatchTests {
    let folder = TemporaryFolder()

    private func stamp(_ name: String) { utimensat(AT_FDCWD, folder.file(name), nil, 0) }

    @Test func `a new time stamp wakes everybody who watches the file, and nobody else`() async throws {
        for name in ["a", "b"] { try folder.write("", to: name) }
        let (first, second) = (ChangeWatch(paths: [folder.file("a")], events: IN_ATTRIB), ChangeWatch(paths: [folder.file("a")], events: IN_ATTRIB))
        let other = ChangeWatch(paths: [folder.file("b")], events: IN_ATTRIB)
        let seen = (first.generation, second.generation, other.generation)
        stamp("a")
        await first.wait(since: seen.0, until: nil)
        await second.wait(since: seen.1, until: nil)
        #expect(first.generation > seen.0 && second.generation > seen.1)
        #expect(other.generation == seen.2)
    }

    @Test func `a change between the look and the wait is not missed`() async throws {
        try folder.write("", to: "a")
        let watch = ChangeWatch(paths: [folder.file("a")], events: IN_ATTRIB)
        let seen = watch.generation
        stamp("a")
        let sign = ChangeWatch(paths: [folder.file("a")], events: IN_ATTRIB)
        let generation = sign.generation
        stamp("a")
        // The kernel has told of both by now.
        await sign.wait(since: generation, until: nil)
        await watch.wait(since: seen, until: nil)
    }

    @Test func `waiting ends with its deadline, with its task, and with the watch`() async throws {
        try folder.write("", to: "a")
        let watch = ChangeWatch(paths: [folder.file("a")], events: IN_ATTRIB)
        let seen = watch.generation
        await watch.wait(since: seen, until: .now + .milliseconds(1))
        #expect(watch.generation == seen)
        let cancelled = Task { await watch.wait(since: seen, until: nil) }
        cancelled.cancel()
        await cancelled.value
        let closed = Task { await watch.wait(since: seen, until: nil) }
        watch.close()
        await closed.value
        #expect(!watch.isWatching)
    }

    @Test func `a watch of several files begins with those that exist`() async throws {
        try folder.write("", to: "a")
        let watch = ChangeWatch(paths: [folder.file("absent"), folder.file("a")], events: IN_MODIFY | IN_ATTRIB)
        let seen = watch.generation
        #expect(watch.isWatching)
        try folder.write("text", to: "a")
        await watch.wait(since: seen, until: nil)
        let none = ChangeWatch(paths: [folder.file("absent")], events: IN_ATTRIB)
        _ = none.generation
        #expect(!none.isWatching)
    }
}
