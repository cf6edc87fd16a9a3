import CeleryCore
import Schedules
import Testing

@Suite struct PeriodicOptionsTests {
    private func read(_ words: [(String, String)]) throws -> PeriodicOptions? {
        var draft = PeriodicDraft()
        for (name, text) in words {
            let key = try #require(PeriodicKey.named(name))
            if let complaint = draft.take(key, text) { throw ScheduleError(.notASchedule, "\(name) \(complaint)") }
        }
        return try draft.options()
    }

    private func complaint(_ words: [(String, String)]) -> String {
        do {
            _ = try read(words)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `reads every option`() throws {
        let options = try #require(
            try read([
                ("every", "10m"), ("phase", "30s"), ("jitter", "5s"), ("missed", "all"), ("within", "1d"), ("overlap", "queue"),
                ("expires", "90"), ("expect_within", "2h"), ("alarm_after", "5"),
            ]))
        #expect(options.schedule.description == "every 10m phase 30s")
        #expect(options.jitter == Jitter(upTo: .seconds(5)))
        #expect(options.missed == .all && options.within == .seconds(86_400) && options.overlap == .queue)
        #expect(options.expires == .seconds(90) && options.expectWithin == .seconds(7_200) && options.alarmAfter == 5)
    }

    @Test func `takes a crontab line with a zone, and one run for all that were missed`() throws {
        let options = try #require(try read([("crontab", "0 4 * * mon"), ("timezone", "Europe/Berlin")]))
        #expect(options.schedule.description == "0 4 * * mon Europe/Berlin")
        #expect(options.missed == .once && options.within == nil && options.alarmAfter == 2 && options.overlap == .allow)
    }

    @Test func `is no periodic task when nothing is said`() throws { #expect(try read([]) == nil) }

    @Test(arguments: [
        ([("jitter", "5s")], "no schedule is given"),
        ([("every", "10s"), ("crontab", "@daily")], "both every and crontab are given"),
        ([("every", "10s"), ("timezone", "UTC")], "timezone requires crontab"),
        ([("crontab", "@daily"), ("phase", "5s")], "phase requires every"),
        ([("every", "10s"), ("jitter", "10s")], "jitter must be less than every"),
        ([("every", "soon")], "every must be a length of time"),
        ([("every", "0.5")], "too short"),
        ([("every", "1m"), ("alarm_after", "-1")], "alarm_after must be a whole number from 0 to 1000000, not \"-1\""),
        ([("crontab", "0 0 30 2 *")], "is never due"),
        ([("every", "1m"), ("missed", "maybe")], "missed must be skip, once or all, not \"maybe\""),
        ([("crontab", "@daily"), ("timezone", "Europe/Berln")], "Europe/Berlin"),
    ])
    func `refuses what makes no sense`(_ words: [(String, String)], _ wanted: String) {
        #expect(complaint(words).contains(wanted))
    }

    @Test(arguments: [
        [("every", "1.5s"), ("phase", "0.25s"), ("jitter", "1s"), ("missed", "skip"), ("within", "1h")],
        [("crontab", "*/5 1,2 * jan mon-fri"), ("timezone", "Europe/Berlin"), ("overlap", "skip"), ("expires", "90s"), ("expect_within", "2d"), ("alarm_after", "0")],
        [("every", "1d")],
    ])
    func `its words are what was said, and make it again`(_ words: [(String, String)]) throws {
        let options = try #require(try read(words))
        #expect(options.words.map { "\($0.name)=\($0.value)" } == words.map { "\($0.0)=\($0.1)" })
        #expect(try read(options.words.map { ($0.name, $0.value) }) == options)
    }

    @Test func `its words name the zone, for other machines`() throws {
        let options = try #require(try read([("crontab", "@daily")]))
        #expect(options.words.map(\.name) == ["crontab", "timezone"])
        #expect(try read(options.words.map { ($0.name, $0.value) }) == options)
    }

    @Test func `each option has a help text and a place for its value`() {
        for key in PeriodicKey.all {
            #expect(key.help.hasSuffix(".") || key.help.contains(": "), "\(key.name)")
            #expect(!key.placeholder.isEmpty)
        }
        #expect(Set(PeriodicKey.all.map(\.name)).count == PeriodicKey.all.count)
    }
}
