package import Arguments
import CeleryCore
import Configuration
import Schedules
import Tasks

/// The manual page celery.toml(5), made from the tables that read the settings and the option lines.
package enum SettingsPage {
    package static let page = ReferencePage(
        name: "celery.toml", section: 5, summary: "Settings of a celery project",
        parts: [
            ReferencePage.Part("DESCRIPTION", description),
            ReferencePage.Part("SETTINGS", settings),
            ReferencePage.Part("PERIODIC TASKS", periodicTasks),
            ReferencePage.Part("OPTIONS OF A TASK", taskOptions),
            ReferencePage.Part("ENVIRONMENT", environment),
            ReferencePage.Part("EXAMPLES", examples),
        ],
        seeAlso: ["celery(1)", "celery-celeryd(1)", "celery(7)"])

    private static let description: [ReferencePage.Block] = [
        .paragraph("A project is a folder with a file called celery.toml. It is looked for in the working folder and then upwards, unless --settings or the variable CELERY_SETTINGS names a file. It may be empty or missing: every setting has a default."),
        .paragraph("The file is TOML, read as UTF-8. A setting is a line NAME = VALUE; text stands in quotes. A relative path starts at the folder of the file. A name that is not known, or a value of the wrong kind, is an error that names the file and the line."),
        .paragraph("What is said nearer to you counts: an option of the command line before a variable of the environment, that before the file, and that before the default. With --verbose a command tells where each setting came from."),
        .paragraph("A length of time is a number of seconds, or text as \"90s\", \"10m\", \"2h\" or \"1d\". A number of bytes is a whole number, or text as \"64k\" or \"16m\". Names in one entry below mean the same setting."),
    ]

    private static let settings: [ReferencePage.Block] =
        [.heading("Broker and result store")] + SettingsKey.brokerKeys.map(entry)
        + [.heading("Worker")] + SettingsKey.workerKeys.map(entry)
        + [.heading("Tasks and results")] + SettingsKey.taskKeys.map(entry)
        + [.heading("Events")] + SettingsKey.eventKeys.map(entry)
        + [.heading("Beat")] + SettingsKey.beatKeys.map(entry)

    private static let periodicTasks: [ReferencePage.Block] = [
        .paragraph("A section [beat.NAME] is a task that celery-beat(1) sends again and again. NAME is yours to choose, in quotes if it holds more than letters, digits, _ and -."),
        .literal(["[beat.nightly]", "task = \"reports.tasks.daily\"", "args = [\"yesterday\"]", "crontab = \"30 2 * * *\"", "timezone = \"Europe/Berlin\"", "overlap = \"skip\""]),
        .entry(["task"], ["The name of the task. It must be there."]),
        .entry(["args"], ["Its positional arguments, a list.", "Default: none."]),
        .entry(["kwargs"], ["Its keyword arguments, a table.", "Default: none."]),
    ] + periodicKeys { "\($0.name)" } + [
        .entry(["options"], ["How it is sent, a table of what follows, and expires may stand here too.", "Default: what the task's own options say."]),
    ] + TaskOptionTable.rows(at: .beat).map { option in
        .entry(["options.\(option.name)"], [plain(option.overrides ? option.help : option.callHelp), "Value: \(option.fileValue)."])
    } + [
        .paragraph("A program task that is to run again and again can say so itself, by the options below, and so can a task in Swift. celery(7) has the rules of when something is due."),
    ]

    private static func periodicKeys(_ title: (PeriodicKey) -> String) -> [ReferencePage.Block] {
        PeriodicKey.all.map { key in
            .entry([title(key)], [plain(key.help), key.defaultText.map { "Default: \($0)." } ?? "No default."])
        }
    }

    private static func entry(_ key: SettingsKey) -> ReferencePage.Block {
        .entry(key.names, [key.help, facts(key.kind, default: key.defaultText)])
    }

    private static func facts(_ kind: String, default text: String?) -> String {
        "Value: \(kind). " + (text.map { "Default: \($0)." } ?? "No default.")
    }

    private static let taskOptions: [ReferencePage.Block] = [
        .paragraph("A program tells its own options in a comment among its first \(TaskOptionLine.maximumLines) lines; they count before the settings above, and what a message says counts before them:"),
        .literal(["# celery: max_retries=5 retry_delay=10m queue=images"]),
        .paragraph("The comment may begin with #, //, --, ;, % or a quotation mark, and there may be several. An option that is not known makes the file no task, and celery-tasks(1) says why."),
    ] + TaskOptionTable.rows(at: .optionLine).map { option in
        .entry(option.names.map { "\($0)=\(option.placeholder)" }, [plain(option.help), fallback(option.fallback)])
    } + [
        .paragraph("With one of every and crontab, beat sends the task by itself. A value with blanks or commas in it stands in quotes:"),
        .literal(["# celery: crontab=\"*/5 8-17 * * mon-fri\" timezone=Europe/Berlin missed=skip"]),
    ] + periodicKeys { "\($0.name)=\($0.placeholder)" }

    private static func fallback(_ fallback: OptionFallback) -> String {
        switch fallback {
        case .value(let text): "Default: \(text)."
        case .settings: "Default: what the settings say."
        case .nothing: "Default: none."
        }
    }

    /// The table marks words with backquotes, which a manual page does without.
    private static func plain(_ text: String) -> String { String(text.filter { $0 != "`" }) }

    private static let environment: [ReferencePage.Block] = [
        .paragraph("A setting whose name begins with CELERY can also be given as a variable of that name. There a list is written with commas between its elements, and a relative path starts at the working folder. An empty variable counts as not set."),
        .entry(["CELERY_SETTINGS"], ["The file to read instead of the nearest celery.toml."]),
    ]

    private static let examples: [ReferencePage.Block] = [
        .paragraph("All that a project needs:"),
        .literal(["INSTALLED_APPS = [\"thumbs\"]"]),
        .paragraph("A worker that runs four tasks at a time, from two queues, none longer than five minutes:"),
        .literal([
            "INSTALLED_APPS = [\"thumbs\", \"mail\"]", "CELERYD_CONCURRENCY = 4", "CELERY_QUEUES = [\"celery\", \"images\"]",
            "CELERYD_TASK_TIME_LIMIT = \"5m\"",
        ]),
    ]
}
