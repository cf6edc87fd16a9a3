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
                "Periodic tasks are sections [beat.NAME] of the settings, programs with every= or crontab= in their option line, and Swift tasks with a schedule. Unlike with cron, no run is missed silently or sent twice, and beat can always tell when a task runs next and whether it ran.",
                "Of all beats on one broker, one leads and sends the runs; if it dies, another takes over. The broker records which runs were sent.",
                "Changes of the settings file and the tasks folders take effect within seconds. Unchanged tasks keep their phase. After an invalid change, all tasks go on as before, and the log says why.",
                "With --detach, the command returns once beat leads or stands by (exit 0), or prints beat's error and exits with its status.",
            ],
            options: BeatOptions.all,
            examples: [
                Example("celery beat", "Send in the foreground; Ctrl-C stops it."),
                Example("celery beat --detach -p b.pid -f b.log", "Send in the background."),
                Example("celery beat --stop -p b.pid", "Stop beat."),
                Example("celery beat next -n 5", "List the next five runs."),
                Example("celery beat run nightly --wait", "Run a periodic task now and wait for its result."),
                Example("celery beat pause nightly --for 2h --reason move", "Pause a periodic task for two hours."),
                Example("celery beat backfill nightly 2026-11-01 2026-11-03 --dry-run", "List the runs of three days."),
                Example("crontab -l | celery beat import-crontab -", "Import a crontab."),
                Example("celery beat status || mail -s 'late' me", "Send mail if a run is late."),
            ],
            exitStatuses: [
                ExitStatus(0, "Stopped as asked; with --once, all due runs are sent; with --is-running, beat runs."),
                ExitStatus(1, "With --is-running, --stop or --restart, no beat runs."),
                ExitStatus(64, "Usage."), ExitStatus(65, "The stored schedule cannot be read; with --once, the broker refuses a run."),
                ExitStatus(69, "The broker cannot be reached."),
                ExitStatus(73, "Cannot create the pidfile or log file, or the beat of the pidfile is running."),
                ExitStatus(75, "With --once, another beat leads, or the broker takes nothing now."), ExitStatus(77, "No permission."),
                ExitStatus(78, "Configuration."), ExitStatus(124, "With --stop, beat did not stop in time."),
            ],
            notes: [
                "TERM, INT and QUIT stop beat with exit status 0. HUP reloads settings and tasks; if settings other than those of periodic tasks have changed, beat restarts. USR1 reopens the log file.",
                "Under systemd, beat reports READY, RELOADING, STOPPING and WATCHDOG through sd_notify.",
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
