import Arguments
import CeleryCore
import Configuration
import Tasks

/// `celery beat`: the scheduler of periodic tasks.
enum BeatCommand {
    static let program = DaemonProgram(
        name: "beat", noun: "beat", options: BeatOptions.daemon,
        files: { DaemonProgram.Files(log: $0.beatLogFile, pid: $0.beatPIDFile, level: $0.beatLogLevel) },
        startsProcesses: false, stopPatience: .seconds(60), stopComplaint: "a minute")

    private static let subcommands = [
        BeatNextCommand.command, BeatListCommand.command, BeatStatusCommand.command, BeatRunCommand.command,
        BeatPauseCommand.pause, BeatPauseCommand.resume, BeatBackfillCommand.command, BeatImportCommand.command,
    ]

    static let command = Command(
        CommandSpec(
            "beat", section: "Periodic tasks", summary: "Send periodic tasks when they are due",
            discussion: [
                "Periodic tasks are sections [beat.NAME] of the settings, programs that say every= or crontab= in their option line, and Swift tasks that say so. A better cron: nothing is missed silently, nothing is sent twice, and there is always an answer to when it runs next and whether it ran.",
                "Of the beats on one broker one leads and sends; another takes over when it dies. What was sent is written down with the messages.",
                "Changes of the settings file and of the tasks folders are noticed within seconds. Tasks that are as before keep their phase; with a mistake in them, all go on as they were, and the log says why.",
                "With --detach, returns when beat has its place among the beats (exit 0), or prints its error and exits with its status.",
            ],
            options: BeatOptions.all,
            examples: [
                Example("celery beat", "Send in the foreground; Ctrl-C stops it."),
                Example("celery beat --detach -p b.pid -f b.log", "Send in the background."),
                Example("celery beat --stop -p b.pid", "Stop it again."),
                Example("celery beat next -n 5", "List the next five runs."),
                Example("celery beat run nightly --wait", "Run a periodic task now, and wait for it."),
                Example("celery beat pause nightly --for 2h --reason move", "Send it no more for two hours."),
                Example("celery beat backfill nightly 2026-11-01 2026-11-03 --dry-run", "List the runs of three days."),
                Example("crontab -l | celery beat import-crontab -", "Take over a crontab."),
                Example("celery beat status || mail -s 'late' me", "Be told when a run is late."),
            ],
            exitStatuses: [
                ExitStatus(0, "Stopped as asked; with --once, what was due is sent; with --is-running, it runs."),
                ExitStatus(1, "With --is-running, --stop or --restart, no beat runs."),
                ExitStatus(64, "Usage."), ExitStatus(65, "What is written down of periodic tasks cannot be read."),
                ExitStatus(69, "The broker cannot be reached."),
                ExitStatus(73, "Cannot create the pidfile or log file, or the pidfile's beat runs."),
                ExitStatus(75, "With --once, another beat leads."), ExitStatus(77, "No permission."),
                ExitStatus(78, "Configuration."), ExitStatus(124, "With --stop, it did not stop in time."),
            ],
            notes: [
                "TERM, INT and QUIT stop it, with exit status 0. HUP reads settings and tasks anew; if other settings than those of periodic tasks have changed, it begins anew. USR1 opens the log file anew.",
                "Under systemd it reports READY, RELOADING, STOPPING and WATCHDOG through sd_notify.",
            ],
            subcommands: subcommands.map(\.spec)),
        subcommands: subcommands, launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let settings = try context.settings(BeatOptions.flags(context.arguments))
        return try DaemonLaunch(program: program, context: context, settings: settings).launch(
            BeatSignal.table,
            complaints: { _ in
                let table = try EntryTable(try context.resolved(), context, client: nil)
                return table.problems.map(\.description) + table.warnings
            },
            live: { try await BeatSession(context: context, settings: settings, daemon: $0).work() })
    }
}
