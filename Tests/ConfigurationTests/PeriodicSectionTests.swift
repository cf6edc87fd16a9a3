import CeleryCore
import Schedules
import Testing

@testable import Configuration

@Suite struct PeriodicSectionTests {
    private func read(_ text: String) throws -> [PeriodicSection] {
        try SettingsReader.resolve(
            text: text, shown: "celery.toml", folder: "/project", file: "/project/celery.toml", [], [:], "/project"
        ).periodicTasks
    }

    private func complaint(_ text: String) -> SettingsError? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return error as? SettingsError
        }
    }

    @Test func `reads sections, each with the line it begins in`() throws {
        let sections = try read(
            """
            INSTALLED_APPS = ["demo"]

            [beat.tidy]
            task = "demo.tasks.tidy"
            every = 30

            [beat."nightly report"]
            task = "demo.tasks.report"
            args = ["yesterday", 3, 2.5, true, [1]]
            kwargs = { format = "pdf", to = { name = "me" } }
            options = { queue = "slow", priority = 3 }
            crontab = "30 2 * * mon-fri"
            timezone = "Europe/Berlin"
            missed = "skip"
            """)
        #expect(sections.map(\.name) == ["nightly report", "tidy"])
        #expect(sections.map(\.place) == ["celery.toml:7", "celery.toml:3"])
        let report = sections[0]
        #expect(report.task == "demo.tasks.report")
        #expect(report.args == ["yesterday", 3, 2.5, true, [1]])
        #expect(report.kwargs == ["format": "pdf", "to": ["name": "me"]])
        #expect(report.options == ["queue": "slow", "priority": 3])
        #expect(report.periodic.schedule.description == "30 2 * * mon-fri Europe/Berlin")
        #expect(report.periodic.missed == .skip)
        #expect(sections[1].periodic.schedule.description == "every 30s")
    }

    @Test(arguments: [
        ("[beat.a]\nevery = 5", "celery.toml:1: [beat.a] names no task"),
        ("\n[beat.a]\ntask = \"t\"", "celery.toml:2: [beat.a] is no schedule: it says not when"),
        ("[beat.a]\ntask = \"t\"\nevery = 5\ncrontab = \"@daily\"", "celery.toml:1: [beat.a] is no schedule: both every and crontab are given"),
        ("[beat.a]\ntask = \"t\"\nevry = 5", "celery.toml:1: [beat.a] evry is not known of periodic tasks; did you mean 'every'?"),
        ("[beat.a]\ntask = 5\nevery = 5", "celery.toml:1: [beat.a] task must be text in quotes, not a whole number"),
        ("[beat.a]\ntask = \"t\"\nevery = \"soon\"", "celery.toml:1: [beat.a] every must be a length of time such as 90s or 10m, not \"soon\""),
        ("[beat.a]\ntask = \"t\"\nevery = true", "celery.toml:1: [beat.a] every must be text in quotes, not true or false"),
        ("[beat.a]\ntask = \"t\"\nevery = 5\nargs = \"x\"", "celery.toml:1: [beat.a] args must be a list, not \"x\""),
        ("[beat.a]\ntask = \"t\"\nevery = 5\nkwargs = [1]", "celery.toml:1: [beat.a] kwargs must be a table, not a list"),
        ("[beat.\"\"]\ntask = \"t\"\nevery = 5", "celery.toml:1: [beat.] has a name that is empty, too long, or not plain text"),
        ("[beat]\na = 5", "celery.toml:1: [beat.a] must be a table, not 5"),
        ("beat = 5", "celery.toml:1: beat must be a table, not 5"),
        ("[beat.a]\ntask = \"t\"\ncrontab = \"61 * * * *\"", "celery.toml:1: [beat.a] is no schedule: "),
        ("CELERYBEAT_NAME = \"a b\"", "celery.toml:1: CELERYBEAT_NAME must be up to 100 letters, digits, _ . and -, not \"a b\""),
    ])
    func `names file, line and section of a mistake`(_ text: String, _ wanted: String) throws {
        let error = try #require(complaint(text))
        #expect(error.description.hasPrefix(wanted), "\(error)")
    }

    @Test func `has names for beat, its log and its pidfile`() throws {
        let settings = try SettingsReader.resolve(
            text: "CELERYBEAT_NAME = \"reports\"\nCELERYBEAT_PID_FILE = \"run/b.pid\"\nCELERYBEAT_MAX_LOOP_INTERVAL = \"5s\"", shown: "celery.toml",
            folder: "/project", file: nil, [], [:], "/elsewhere"
        ).settings
        #expect(settings.beatName == "reports" && settings.beatPIDFile == "/project/run/b.pid")
        #expect(settings.beatLogFile == "/project/celerybeat.log" && settings.beatMaxInterval == 5)
    }
}
