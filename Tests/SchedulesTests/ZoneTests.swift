import CeleryCore
import Foundation
import Testing

@testable import Schedules

@Suite(.enabled(if: !ZoneDatabase.system.names.isEmpty, "needs the time-zone database: install tzdata"))
struct ZoneTests {
    @Test func `agrees with Python on offsets in every zone from 1850 to 2500`() async throws {
        let lines = try await MinuteWalk.run(["offsets"])
        #expect(lines.count == ZoneDatabase.system.names.count + 1)
        var compared = 0
        for line in lines.dropLast() {
            let words = line.split(separator: " ")
            let zone = try Zone(named: String(words[1]))
            for index in stride(from: 2, to: words.count, by: 2) {
                let offset = zone.offset(at: Timestamp(seconds: Double(words[index])!))
                if offset != Int(words[index + 1])! { Issue.record("\(words[1]) at \(words[index]): \(offset), in Python \(words[index + 1])") }
                compared += 1
            }
        }
        #expect(compared > 100_000)
        print("offsets of 1850-2500: \(lines.count - 1) zones, \(compared) moments")
    }

    @Test func `spans follow one another without a gap`() throws {
        for name in ["Europe/Berlin", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia", "UTC", "Etc/GMT-14", "Europe/Dublin"] {
            let zone = try Zone(named: name)
            var span = zone.span(containing: -5_000_000_000)
            while span.end < 8_000_000_000 {
                let next = zone.span(containing: span.end)
                #expect(next.start == span.end)
                #expect(zone.span(containing: span.end - 1) == span)
                span = next
            }
        }
    }

    @Test(arguments: [
        ("Europe/Belin", "'Europe/Belin' is not a time zone; did you mean 'Europe/Berlin'?"),
        ("europe/berlin", "'europe/berlin' is not a time zone; did you mean 'Europe/Berlin'?"),
        ("auckland", "'auckland' is not a time zone; did you mean 'Pacific/Auckland'?"),
        ("Mars/Olympus", "'Mars/Olympus' is not a time zone; use a name from '\(ZoneDatabase.system.folder)', such as Europe/Berlin or UTC"),
        ("UTC+3", "'UTC+3' is not a time zone; for a fixed offset from UTC write for instance Etc/GMT-3, which is three hours east of UTC"),
        ("Europe", "'Europe' is not a time zone; use a name from '\(ZoneDatabase.system.folder)', such as Europe/Berlin or UTC"),
    ])
    func `names the nearest zone`(_ name: String, _ message: String) {
        let error = #expect(throws: ScheduleError.self) { try Zone(named: name) }
        #expect(error?.code == .unknownZone)
        #expect(error?.description == message)
    }

    @Test(arguments: [
        "../../../etc/passwd", "/etc/localtime", "Europe/../../shadow", "Europe//Berlin", "./UTC", "Europe/Berlin/", "", "a\0b", "Europe/Berl\u{ED}n", ".",
        String(repeating: "a/", count: 200) + "b", "zone.tab", "tzdata.zi",
    ])
    func `a name leads nowhere else`(_ name: String) {
        #expect(throws: ScheduleError.self) { try Zone(named: name) }
    }

    @Test func `a database that is not there is not a misspelt name`() {
        let database = ZoneDatabase(folder: "/nonexistent")
        let error = #expect(throws: ScheduleError.self) { try database.zone(named: "Europe/Berlin") }
        #expect(error?.description == "there is no time-zone database in '/nonexistent'; install the package tzdata, or set TZDIR to its folder")
        #expect(try! database.zone(named: "UTC") == .utc)
    }

    @Test func `says which file is damaged`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zones-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appending(path: "Made"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("TZif".utf8).write(to: folder.appending(path: "Made/Up"))
        let database = ZoneDatabase(folder: folder.path)
        #expect(database.names == ["Made/Up"])
        let error = #expect(throws: ScheduleError.self) { try database.zone(named: "Made/Up") }
        #expect(error?.message == "the time-zone file '\(folder.path)/Made/Up' is damaged: its header is truncated")
    }

    @Test func `finds the zone of the machine, and its name`() throws {
        let folder = ZoneDatabase.system.folder
        let scratch = FileManager.default.temporaryDirectory.appending(path: "local-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let link = scratch.appending(path: "link").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(folder)/Asia/Tokyo")
        let copy = scratch.appending(path: "copy").path
        try FileManager.default.copyItem(atPath: "\(folder)/Africa/Cairo", toPath: copy)
        let written = scratch.appending(path: "timezone").path
        try Data("Africa/Cairo\n".utf8).write(to: URL(filePath: written))

        func local(_ variable: String?, _ file: String, _ nameFile: String = "/nonexistent") throws -> Zone {
            try LocalZone(database: .system, variable: variable, file: file, nameFile: nameFile).zone()
        }
        #expect(try local(nil, link) == Zone(named: "Asia/Tokyo"))
        #expect(try local(nil, copy, written) == Zone(named: "Africa/Cairo"))
        #expect(try local(nil, copy).name == "localtime")
        #expect(try local(nil, copy).span(containing: 1_750_000_000).offset == 10_800)
        #expect(try local(nil, "/nonexistent") == .utc)
        #expect(try local("", link) == .utc)
        #expect(try local("Europe/Berlin", link).name == "Europe/Berlin")
        #expect(try local(":Europe/Berlin", link).name == "Europe/Berlin")
        #expect(try local("\(folder)/Europe/Paris", link).name == "Europe/Paris")
        #expect(try local("UTC+3", link).name == "<UTC>+3")
        #expect(try Zone(named: "<UTC>+3").offset(at: Timestamp(seconds: 0)) == -10_800)
        #expect(try local("FOO5BAR", link).offset(at: .utc("2026-07-01 00:00")) == -14_400)
        let error = #expect(throws: ScheduleError.self) { try local("Europe/Belin", link) }
        #expect(error?.description == "TZ in the environment: 'Europe/Belin' is not a time zone; did you mean 'Europe/Berlin'?")
        #expect(throws: ScheduleError.self) { try local("/nonexistent", link) }
    }
}
