import Foundation
import Testing

@testable import Commands

@Suite struct ProjectWatchTests {
    @Test func `a change counts once it stands still`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "watch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (file, later) = (folder.appending(path: "a"), folder.appending(path: "b"))
        try Data("1".utf8).write(to: file)
        var watch = ProjectWatch([file.path, later.path])
        /// What so many looks in a row say.
        func looks(_ count: Int) -> [Bool] { (0..<count).map { _ in watch.isChanged() } }
        #expect(looks(2) == [false, false])
        try Data("12".utf8).write(to: file)
        #expect(looks(1) == [false])
        try Data("123".utf8).write(to: file)
        #expect(looks(1) == [false])
        #expect(looks(1) == [true])
        watch.take()
        #expect(looks(2) == [false, false])
        // One that was not there appears, and another goes.
        try Data("1".utf8).write(to: later)
        #expect(looks(2) == [false, true])
        watch.take()
        watch.follow([later.path])
        try FileManager.default.removeItem(at: file)
        #expect(looks(2) == [false, false])
        try FileManager.default.removeItem(at: later)
        #expect(looks(2) == [false, true])
    }
}
