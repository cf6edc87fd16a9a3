import CeleryCore
import Fixtures
import SQLite
import Testing

@testable import CeleryDB

/// The look at a file before SQLite opens it.
@Suite struct FileHeaderTests {
    let folder = TemporaryFolder()
    var path: String { folder.file("a.db") }

    @Test func `numbers of the header are those that SQLite wrote, whatever their sign`() throws {
        for (application, version) in [(0, 0), (0x43_65_6C_79, 2), (-1, -2), (Int(Int32.max), Int(Int32.min))] {
            let database = try SerialDatabase(path: path) {
                try $0.execute(sql: "PRAGMA application_id = \(application); PRAGMA user_version = \(version)")
            }
            database.close()
            guard case .database(let header) = try FileHeader.look(at: path) else {
                Issue.record("no database")
                return
            }
            #expect(header.applicationID == Int32(application) && header.userVersion == Int32(version))
        }
    }

    @Test func `nothing, an empty file and a file of another kind are told apart`() throws {
        if case .nothing = try FileHeader.look(at: path) {} else { Issue.record("there is nothing") }
        try folder.write("", to: "a.db")
        if case .emptyFile = try FileHeader.look(at: path) {} else { Issue.record("it is empty") }
        // The beginning of a database, cut off.
        try folder.write("SQLite format 3\u{0}" + String(repeating: "x", count: 83), to: "a.db")
        if case .anotherKind = try FileHeader.look(at: path) {} else { Issue.record("it is too short") }
        try folder.write("SQLite format 3\u{0}" + String(repeating: "x", count: 84), to: "a.db")
        if case .database = try FileHeader.look(at: path) {} else { Issue.record("it begins like one") }
    }
}
