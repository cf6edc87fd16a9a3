import Fixtures
import CeleryCore
import Foundation
import Testing

@testable import Schedules

/// Random and damaged input, the same in every run: no crash, no hang, and what is accepted makes sense.
@Suite struct FuzzTests {
    private static let pieces = [
        "*", "?", "/", "-", ",", "#", "L", "l", "0", "1", "5", "7", "9", "12", "23", "31", "59", "60", "99999999999999999999", "jan", "feb", "mon", "friL", "sun",
        "mon#2", "*/5", "1-5", "L-3", " ", " ", " ", " ", "\t", "@daily", "@reboot", "@", "%", "\\", "=", "\"", "'", "UTC", "Europe/Berlin", "every ", "30s", "phase ", "1d",
        "\u{0}", "é", "👩‍👩‍👧", "e\u{301}", "\u{301}", "\r\n", "\n", "CRON_TZ=", "A=b", "x",
    ]

    private static let fields = [
        "*", "*", "*", "*", "?", "0", "1", "5", "12", "1,2", "1-5", "2-10/3", "*/2", "*/5", "5/7", "7", "L", "L-3", "1,L", "jan", "Feb", "mar-dec", "sun", "mon-fri", "friL",
        "mon#2", "5L", "0#5", "31", "59", "61", "x", "*/0",
    ]

    private func text(_ length: Int, _ generator: inout SeededGenerator) -> String {
        (0..<length).map { _ in Self.pieces.randomElement(using: &generator)! }.joined()
    }

    @Test(.timeLimit(.minutes(2))) func `schedules: what is read can be written, read again, and answers`() {
        var generator = SeededGenerator(seed: 21)
        var accepted = 0
        for round in 0..<fuzzRounds(30_000) {
            var line = text(Int.random(in: 0...14, using: &generator), &generator)
            if round.isMultiple(of: 2) {
                line = (0..<5).map { _ in Self.fields.randomElement(using: &generator)! }.joined(separator: " ")
            }
            guard let schedule = try? Schedule(line, zone: .utc) else { continue }
            accepted += 1
            #expect((try? Schedule(schedule.description)) == schedule, "\(line)")
            let time = Timestamp(seconds: Double.random(in: -1e10...1e11, using: &generator))
            let next = schedule.next(after: time)
            #expect(next.map { $0 > time } ?? true)
            if let next { #expect(schedule.last(through: next) == next, "\(line)") }
        }
        #expect(accepted > 1_000)
    }

    @Test(.timeLimit(.minutes(2))) func `crontab files: every line becomes an entry, a problem, a setting, or is left out as such`() {
        var generator = SeededGenerator(seed: 22)
        var entries = 0
        for _ in 0..<fuzzRounds(5_000) {
            let source = text(Int.random(in: 0...60, using: &generator), &generator) + "\n* * * * * " + text(4, &generator)
            for layout in [CrontabFile.Layout.user, .system] {
                let file = CrontabFile(source, layout: layout, zone: .utc)
                let count = source.utf8.count { $0 == 0x0A } + 1
                let numbers = file.entries.map(\.lineNumber) + file.problems.map(\.lineNumber)
                #expect(numbers.allSatisfy { 1...count ~= $0 })
                #expect(Set(numbers).count == numbers.count)
                entries += file.entries.count
            }
        }
        #expect(entries > 1_000)
    }

    @Test func `long input is read in no time`() {
        let long = String(repeating: "1,", count: 500_000)
        #expect(throws: ScheduleError.self) { try Schedule("\(long) * * * *", zone: .utc) }
        #expect(throws: ScheduleError.self) { try Schedule(String(repeating: "* ", count: 500_000), zone: .utc) }
        #expect(throws: ScheduleError.self) { try Schedule(String(repeating: "9", count: 1_000_000), zone: .utc) }
        #expect(throws: ScheduleError.self) { try Zone(named: String(repeating: "E", count: 1_000_000)) }
        #expect(CrontabFile("* * * * * " + String(repeating: "%", count: 1_000_000), zone: .utc).problems.count == 1)
        #expect(CrontabFile("* * * * * x" + String(repeating: "%", count: 1_000_000), zone: .utc).entries[0].input?.utf8.count == 999_999)
    }

    @Test(.timeLimit(.minutes(2)), .enabled(if: !ZoneDatabase.system.names.isEmpty, "needs the time-zone database: install tzdata"))
    func `zone files: damage is refused, or does no harm`() throws {
        var generator = SeededGenerator(seed: 23)
        var refused = 0
        var accepted = 0
        for name in ["Europe/Berlin", "Africa/Casablanca", "America/New_York", "Etc/GMT-14", "Pacific/Apia"] {
            let whole = [UInt8](try Data(contentsOf: URL(filePath: "\(ZoneDatabase.system.folder)/\(name)")))
            for length in 0..<whole.count {
                #expect(throws: ZoneFile.Damage.self) { try ZoneFile.zone(named: name, from: Array(whole.prefix(length))) }
            }
            for _ in 0..<fuzzRounds(2_000) {
                var bytes = whole
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Bool.random(using: &generator) ? Int.random(in: 0..<min(88, bytes.count), using: &generator) : Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                    case 2: bytes.remove(at: place)
                    default: bytes.insert(0xFF, at: place)
                    }
                }
                guard let zone = try? ZoneFile.zone(named: "Damaged", from: bytes) else {
                    refused += 1
                    continue
                }
                accepted += 1
                check(zone, &generator)
            }
        }
        #expect(refused > 1_000 && accepted > 100)
    }

    /// Spans hold what they are asked for, and schedules in the zone come to an end of their search.
    private func check(_ zone: Zone, _ generator: inout SeededGenerator) {
        for _ in 0..<20 {
            let second = Int.random(in: -60_000_000_000...250_000_000_000, using: &generator)
            let span = zone.span(containing: second)
            #expect(span.start <= second && second < span.end && ZoneSpan.offsets ~= span.offset)
        }
        for line in ["30 2 * * *", "*/30 2 * * *", "0 0 29 2 *"] {
            guard let crontab = try? Crontab(line, zone: zone) else { continue }
            var time = Timestamp(seconds: Double.random(in: 0...4e9, using: &generator))
            for _ in 0..<3 {
                guard let next = crontab.next(after: time) else { break }
                #expect(next > time)
                time = next
            }
        }
    }

    @Test func `rules: random ones are refused, or make sense`() {
        var generator = SeededGenerator(seed: 24)
        let pieces = ["CET", "<+03>", "-1", "5", ",", "M3.5.0", "M10.5.0", "J60", "365", "0", "/", "/2", "/-167", "/167", ":30", "<", ">", "M", "."]
        var accepted = 0
        for _ in 0..<fuzzRounds(50_000) {
            let text = (0..<Int.random(in: 1...9, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
            guard let rule = ZoneRule(text) else { continue }
            accepted += 1
            for _ in 0..<5 {
                let second = Int.random(in: -60_000_000_000...250_000_000_000, using: &generator)
                let span = rule.span(containing: second)
                #expect(span.start <= second && second < span.end, "\(text)")
            }
        }
        #expect(accepted > 100)
    }
}
