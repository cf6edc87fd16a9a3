import CeleryCore
import Schedules
import Testing

@testable import Configuration

private func sections(_ text: String) throws(SettingsError) -> [PeriodicSection] { try resolved(text).periodicTasks }

@Suite struct PeriodicTableTests {
    @Test func `a periodic task is read with all that is said of it`() throws {
        let sections = try sections(
            """
            CELERYD_PREFETCH = 1

            [beat."nightly report"]
            task = "shop.tasks.report"
            args = ["a.pdf", 3, 2.5, true, [1], { deep = [{}] }]
            kwargs = { width = 100, names = ["x", "y"] }
            crontab = "*/5 1,2 * * *"
            timezone = "Europe/Berlin"
            jitter = 30
            missed = "skip"
            within = "1h"
            overlap = "queue"
            expires = "2h"
            expect_within = "2d"
            alarm_after = 3
            [beat."nightly report".options]
            queue = "reports"
            priority = 7
            time_limit = "5m"
            soft_time_limit = 240.5
            max_retries = 0
            retry_delay = "1m"
            ignore_result = true
            exchange = "e"
            routing_key = "k"
            headers = { a = 1 }
            """)
        var periodic = PeriodicOptions(try Schedule("*/5 1,2 * * * Europe/Berlin"))
        periodic.jitter = Jitter(upTo: .seconds(30))
        periodic.missed = .skip
        periodic.within = .seconds(3_600)
        periodic.overlap = .queue
        periodic.expires = .seconds(7_200)
        periodic.expectWithin = .seconds(172_800)
        periodic.alarmAfter = 3
        let expected = PeriodicSection(
            name: "nightly report", place: "celery.toml:3", task: "shop.tasks.report",
            args: ["a.pdf", 3, 2.5, true, [1], ["deep": [[:]]]], kwargs: ["width": 100, "names": ["x", "y"]],
            options: OptionValues(json: [
                "queue": "reports", "priority": 7, "time_limit": 300, "soft_time_limit": 240.5, "max_retries": 0, "retry_delay": 60,
                "ignore_result": true, "exchange": "e", "routing_key": "k", "headers": ["a": 1],
            ]),
            periodic: periodic)
        #expect(sections == [expected])
    }

    @Test func `each has the line where it begins, however it is written`() throws {
        let sections = try sections(
            """
            [beat.z]
            task = "t"
            every = 30
            [beat]
            y.task = "t"
            y.every = 1.5
            x = { task = "t", every = "1m", phase = 15 }
            [beat.w]
            every = "1d"
            task = "t"
            """)
        #expect(sections.map(\.name) == ["w", "x", "y", "z"])
        #expect(sections.map(\.place) == ["celery.toml:8", "celery.toml:7", "celery.toml:5", "celery.toml:1"])
        #expect(sections.map(\.periodic.schedule.description) == ["every 1d", "every 1m phase 15s", "every 1.5s", "every 30s"])
        #expect(sections[3].args == [] && sections[3].kwargs == [:] && sections[3].options == OptionValues())
    }

    @Test func `without them there are none`() throws {
        #expect(try sections("") == [])
        #expect(try sections("[beat]") == [])
        #expect(try settings("[beat.a]\ntask = 't'\nevery = 1") == settings(""))
    }

    @Test func `expires may stand among the options, as Python has it`() throws {
        let section = try #require(try sections("[beat.a]\ntask = 't'\nevery = 60\noptions = { expires = 30 }").first)
        #expect(section.periodic.expires == .seconds(30))
        #expect(section.options == OptionValues())
    }

    @Test(arguments: [
        // The table
        ("beat = 1", "celery.toml:1: beat must be a table of periodic tasks, not a whole number"),
        ("[[beat]]\ntask = 't'", "celery.toml:1: beat must be a table of periodic tasks, not a list"),
        ("[beat]\n\ntask = 't'", "celery.toml:3: beat.task must be a table, not text"),
        ("\n[[beat.a]]\ntask = 't'", "celery.toml:2: beat.a must be a table, not a list"),
        ("[beat.'']\ntask = 't'", "celery.toml:1: the name of a periodic task must not be empty"),
        (
            "\n[beat.\"a\\nb\"]\ntask = 't'",
            "celery.toml:2: the name of a periodic task must be up to 200 letters without control characters, not \"a\\u{a}b\""
        ),
        ("[beat.é]\ntask='t'", "celery.toml:1: not valid TOML: "),
        ("[beat.'\u{E9}']\ntask='t'\nevery=1\n[beat.'e\u{301}']\ntask='t'\nevery=1", "is defined twice"),
        // Its keys
        ("[beat.a]\nevery = 1", "celery.toml:1: [beat.a] names no task"),
        ("[beat.\"a b\"]\ntask = 't'", "celery.toml:1: [beat.\"a b\"] has no schedule"),
        ("[beat.a]\ntask = 't'\njitter = 1", "celery.toml:1: [beat.a] has no schedule"),
        ("[beat.a]\ntask = 't'\nevry = 1", "celery.toml:3: [beat.a] evry is not known; did you mean 'every'?"),
        ("[beat.a]\ntask = 't'\nschedule = 1", "celery.toml:3: [beat.a] schedule is not known; write every or crontab"),
        ("[beat.a]\nqueue = 'q'", "celery.toml:2: [beat.a] queue belongs in options: options = { queue = ... }"),
        ("[beat.a]\ntask = 5", "celery.toml:2: [beat.a] task must be text in quotes, not a whole number"),
        ("[beat.a]\ntask = ''", "celery.toml:2: [beat.a] task must not be empty"),
        ("[beat.a]\nargs = 'x'", "celery.toml:2: [beat.a] args must be a list such as [\"a.jpg\", 100], not \"x\""),
        ("[beat.a]\nkwargs = []", "celery.toml:2: [beat.a] kwargs must be a table such as { width = 100 }, not a list"),
        ("[beat.a]\nargs = [[10:00:00]]", "celery.toml:2: [beat.a] args contains a date or time, which JSON does not have; write it as text in quotes"),
        ("[beat.a]\nargs = [2020-01-01]", "celery.toml:2: [beat.a] args contains a date or time, which JSON does not have; write it as text in quotes"),
        ("[beat.a]\nargs = [nan]", "celery.toml:2: [beat.a] args contains nan, which is not a number in JSON"),
        ("[beat.a]\nevery = true", "celery.toml:2: [beat.a] every must be text in quotes, not true or false"),
        ("[beat.a]\nevery = -1", "celery.toml:2: [beat.a] every must be a length of time such as 90s or 10m, not \"-1\""),
        ("[beat.a]\nmissed = 1", "celery.toml:2: [beat.a] missed must be text in quotes, not a whole number"),
        ("[beat.a]\nmissed = 'never'", "celery.toml:2: [beat.a] missed must be skip, once or all, not \"never\""),
        ("[beat.a]\ncrontab = 5", "celery.toml:2: [beat.a] crontab must be text in quotes, not a whole number"),
        // Its options
        ("[beat.a]\noptions = 1", "celery.toml:2: [beat.a] options must be a table such as { queue = \"images\" }, not 1"),
        ("[beat.a]\n\noptions.queu = 'q'", "celery.toml:3: [beat.a] options has queu, which is not known; did you mean 'queue'?"),
        (
            "[beat.a]\noptions = { queue = 'a b' }",
            "celery.toml:2: [beat.a] options has queue, which must be the name of a queue, up to 255 bytes without spaces or commas, not \"a b\""
        ),
        ("[beat.a]\noptions = { priority = 256 }", "celery.toml:2: [beat.a] options has priority, which must be from 0 to 255, not 256"),
        ("[beat.a]\noptions = { time_limit = 0 }", "celery.toml:2: [beat.a] options has time_limit, which must be more than 0"),
        ("[beat.a]\noptions = { jitter = 1 }", "celery.toml:2: [beat.a] options has jitter, which belongs in the table of the task, not in its options"),
        ("[beat.a]\noptions = { exchange = 'e' }", "celery.toml:2: [beat.a] options has exchange without routing_key"),
        (
            "[beat.a]\noptions = { time_limit = 5, soft_time_limit = 5 }",
            "celery.toml:2: [beat.a] options has soft_time_limit, which must be less than time_limit"
        ),
        (
            "[beat.a]\noptions = { eta = 'x' }",
            "celery.toml:2: [beat.a] options has eta, which is not for periodic tasks; jitter and phase move their times"
        ),
        (
            "[beat.a]\nexpires = 1\noptions = { expires = 1 }",
            "celery.toml:3: [beat.a] options has expires, which is given twice, in the table and in its options; remove one"
        ),
        (
            "[beat.a]\noptions = { ack = 'early' }",
            "celery.toml:2: [beat.a] options has ack, which is allowed in the option line of a task, not in the options of a periodic task"
        ),
        (
            "[beat.a]\nack = 'early'",
            "celery.toml:2: [beat.a] ack is allowed in the option line of a task, not in the options of a periodic task"
        ),
        (
            "[beat.a]\noptions = { autoretry = [999] }",
            "celery.toml:2: [beat.a] options has autoretry, which must be exit statuses from 1 to 255, signals such as SIGTERM, names of errors, or any, not \"999\""
        ),
        // Its schedule
        ("[beat.a]\ntask = 't'\nevery = 1\ncrontab = '* * * * *'", "celery.toml:1: [beat.a] both every and crontab are given"),
        ("[beat.a]\ntask = 't'\nevery = 0.5", "celery.toml:3: [beat.a] an interval of 0.5s is too short"),
        ("[beat.a]\ntask = 't'\nevery = 60\ntimezone = 'UTC'", "celery.toml:1: [beat.a] timezone requires crontab; intervals have no time zone"),
        ("[beat.a]\ntask = 't'\ncrontab = '0 0 30 2 *'", "celery.toml:3: [beat.a] crontab '0 0 30 2 *' is never due: no year has such a day"),
    ])
    func `a mistake is named with its line and entry`(text: String, message: String) {
        do {
            let sections = try sections(text)
            Issue.record("read as \(sections)")
        } catch {
            #expect("\(error)" == message || error.description.contains(message) && (message.hasSuffix(" ") || message.hasPrefix("is ")))
        }
    }

    @Test(arguments: [
        ("crontab = '* * * *'", 4), ("crontab = '61 * * * *'", 4), ("crontab = '@reboot'", 4), ("crontab = ''", 4),
        ("crontab = '@daily'\ntimezone = 'Europe/Berln'", 5),
    ])
    func `a schedule that is none is named with the line of its key`(text: String, line: Int) throws {
        let error = try #require(throws: SettingsError.self) { try sections("\n[beat.a]\ntask = 't'\n\(text)") }
        #expect(error.place == "celery.toml:\(line)")
        #expect(error.message.hasPrefix("[beat.a] "))
        #expect(error.code == .badValue)
    }

    @Test func `what is missing is hinted at in the words of the file`() throws {
        let error = try #require(throws: SettingsError.self) { try sections("[beat.a]\ntask = 't'") }
        #expect(error.hint == "write every = \"10m\" or crontab = \"*/5 * * * *\"")
        #expect(error.code == .badValue)
        #expect(throws: SettingsError(.unknownSetting, at: "celery.toml:2", "[beat.a] foo is not known")) {
            try sections("[beat.a]\nfoo = 1")
        }
    }

    @Test func `every option that a periodic task may have is read and kept as what it says`() throws {
        let section = try #require(
            try sections(
                """
                [beat.a]
                task = 't'
                every = 60
                options = { concurrency_key = 'k', retry_backoff = true, retry_jitter = 'none', retry_delay = 0, autoretry = [7, 'SIGTERM'], retry_until = '1h', max_memory = '64m' }
                """).first)
        #expect(
            section.options
                == OptionValues(json: [
                    "concurrency_key": "k", "retry_backoff": 1, "retry_jitter": false, "retry_delay": 0, "autoretry": [7, "SIGTERM"],
                    "retry_until": 3_600, "max_memory": .int(64 << 20),
                ]))
    }

    @Test func `no key is both of an entry and of its options`() {
        let shared = TaskOptionTable.rows(at: .beat).map(\.name).filter { PeriodicSectionDraft.isKnown($0) }
        #expect(shared.isEmpty)
    }
}
