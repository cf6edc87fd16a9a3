package import Arguments
import CeleryCore
import Configuration
import Schedules
import Tasks

/// The manual page celery.toml(5), generated from the tables of settings and task options.
package enum SettingsPage {
    package static let page = ReferencePage(
        name: "celery.toml", section: 5, summary: "Settings of a celery project",
        parts: [
            ReferencePage.Part("DESCRIPTION", description),
            ReferencePage.Part("SETTINGS", settings),
            ReferencePage.Part("PERIODIC TASKS", periodicTasks),
            ReferencePage.Part("HTTP TASKS", httpTasks),
            ReferencePage.Part("OPTIONS OF A TASK", taskOptions),
            ReferencePage.Part("ENVIRONMENT", environment),
            ReferencePage.Part("EXAMPLES", examples),
        ],
        seeAlso: ["celery(1)", "celery-celeryd(1)", "celery(7)"])

    private static let description: [ReferencePage.Block] = [
        .paragraph("A project is a folder with a file called celery.toml. The file is searched for in the working folder and its parents, unless --settings or the variable CELERY_SETTINGS names a file. The file may be empty or missing: every setting has a default."),
        .paragraph("The file is TOML in UTF-8. A setting is a line NAME = VALUE; text is quoted. Relative paths are relative to the folder of the file. An unknown name or a value of the wrong type is an error that names the file and the line."),
        .paragraph("Command-line options override environment variables, which override the file, which overrides the defaults. With --verbose a command prints the origin of each setting."),
        .paragraph("A duration is a number of seconds, or text such as \"90s\", \"10m\", \"2h\" or \"1d\". A number of bytes is a whole number, or text such as \"64k\" or \"16m\". Several names in one entry below mean the same setting."),
    ]

    private static let settings: [ReferencePage.Block] =
        [.heading("Broker and result store")] + SettingsKey.brokerKeys.map(entry)
        + [.heading("Worker")] + SettingsKey.workerKeys.map(entry)
        + [.heading("Tasks and results")] + SettingsKey.taskKeys.map(entry)
        + [.heading("HTTP tasks")] + SettingsKey.httpKeys.map(entry)
        + [.heading("Mail to the administrators")] + SettingsKey.mailKeys.map(entry)
        + [.heading("Events")] + SettingsKey.eventKeys.map(entry)
        + [.heading("Beat")] + SettingsKey.beatKeys.map(entry)
        + [.heading("Web")] + SettingsKey.webKeys.map(entry)
        + [.heading("Broker for other machines")] + SettingsKey.brokerServerKeys.map(entry)

    private static let periodicTasks: [ReferencePage.Block] = [
        .paragraph("A section [beat.NAME] defines a task that celery-beat(1) sends periodically. Choose any NAME, in quotes if it contains characters other than letters, digits, _ and -."),
        .literal(["[beat.nightly]", "task = \"reports.tasks.daily\"", "args = [\"yesterday\"]", "crontab = \"30 2 * * *\"", "timezone = \"Europe/Berlin\"", "overlap = \"skip\""]),
        .entry(["task"], ["The name of the task. Required."]),
        .entry(["args"], ["The positional arguments, a list.", "Default: none."]),
        .entry(["kwargs"], ["The keyword arguments, a table.", "Default: none."]),
    ] + periodicKeys { "\($0.name)" } + [
        .entry(["options"], ["How the task is sent: a table of the keys below; it may also contain expires.", "Default: the task's own options."]),
    ] + TaskOptionTable.rows(at: .beat).map { option in
        .entry(["options.\(option.name)"], [plain(option.overrides ? option.help : option.callHelp), "Value: \(option.fileValue)."])
    } + [
        .paragraph("A program task can also define its own schedule with the options below, and so can a Swift task. celery(7) explains when a task is due."),
    ]

    private static let httpTasks: [ReferencePage.Block] = [
        .paragraph("A section [task.NAME] defines a task that a worker runs by calling a URL; celery(7) describes request and answer. Quote a NAME with dots. Besides the keys below it may contain the options of a task of the next section, as keys of their own, except those that need a process: \(ofProcesses)."),
        .literal(["[task.\"shop.resize\"]", "url = \"https://images.example.com/resize\"", "headers = { Authorization = \"Bearer 3f7a\" }", "time_limit = \"10m\"", "retry_backoff = 5"]),
        .entry(["url"], ["The URL to call: https://, http://, or http+unix://%2Frun%2Fapp.sock/path for a Unix socket. Required."]),
        .entry(["method"], ["POST, PUT or PATCH send the arguments as JSON; GET and DELETE take only keyword arguments, and send them in the query.", "Default: \"POST\"."]),
        .entry(["headers"], ["Further header lines of each request, a table of texts. A file with a secret here should be readable by its owner alone.", "Default: none."]),
        .entry(["timeout"], ["How long the server may take for one answer, at most a day; for longer work it answers 202.", "Default: \"60s\"."]),
    ]

    /// The options that an HTTP task cannot have: "a, b and c".
    private static var ofProcesses: String {
        let names = TaskOptionTable.all.filter(\.needsProcess).map(\.name)
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }

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
        .paragraph("A program sets its options in a comment among its first \(TaskOptionLine.maximumLines) lines. They override the settings above; the options of a message override both:"),
        .literal(["# celery: max_retries=5 retry_delay=10m queue=images"]),
        .paragraph("The comment may begin with #, //, --, ;, % or a quotation mark, and there may be several. A file with an unknown option is not a task; celery-tasks(1) shows the reason."),
    ] + TaskOptionTable.rows(at: .optionLine).map { option in
        .entry(option.names.map { "\($0)=\(option.placeholder)" }, [plain(option.help), fallback(option.fallback)])
    } + [
        .paragraph("With either every or crontab, beat sends the task automatically. Quote values that contain blanks or commas:"),
        .literal(["# celery: crontab=\"*/5 8-17 * * mon-fri\" timezone=Europe/Berlin missed=skip"]),
    ] + periodicKeys { "\($0.name)=\($0.placeholder)" }

    private static func fallback(_ fallback: OptionFallback) -> String {
        switch fallback {
        case .value(let text): "Default: \(text)."
        case .settings: "Default: the settings."
        case .nothing: "Default: none."
        }
    }

    /// Removes the backquotes that the table uses to mark words.
    private static func plain(_ text: String) -> String { String(text.filter { $0 != "`" }) }

    private static let environment: [ReferencePage.Block] = [
        .paragraph("A setting whose name begins with CELERY can also be given as an environment variable of that name. There, the elements of a list are separated by commas, and relative paths are relative to the working folder. An empty variable counts as unset."),
        .entry(["CELERY_SETTINGS"], ["The file to read instead of the nearest celery.toml."]),
    ]

    private static let examples: [ReferencePage.Block] = [
        .paragraph("The smallest useful file:"),
        .literal(["INSTALLED_APPS = [\"thumbs\"]"]),
        .paragraph("A worker that consumes two queues and runs four tasks at a time, for at most five minutes each:"),
        .literal([
            "INSTALLED_APPS = [\"thumbs\", \"mail\"]", "CELERYD_CONCURRENCY = 4", "CELERY_QUEUES = [\"celery\", \"images\"]",
            "CELERYD_TASK_TIME_LIMIT = \"5m\"",
        ]),
    ]
}
