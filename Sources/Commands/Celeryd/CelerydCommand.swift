import Arguments
import CeleryCore
import Configuration
import Tasks

/// `celery celeryd`: the worker.
enum CelerydCommand {
    static let command = Command(
        CommandSpec(
            "celeryd", aliases: ["worker"], section: "Workers", summary: "Run a worker",
            discussion: [
                "Takes tasks from its queues and runs them, several at a time, in pool children. A task whose child or worker dies is run again, and says then that it is attempt 2.",
                "With --detach, returns when the worker consumes (exit 0), or prints its error and exits with its status.",
            ],
            options: CelerydOptions.all,
            examples: [
                Example("celery celeryd", "Work in the foreground; Ctrl-C stops it."),
                Example("celery celeryd --detach -p w.pid -f w.log", "Work in the background."),
                Example("celery celeryd --stop -p w.pid", "Stop it again."),
                Example("celery celeryd -c4 -Q images,celery", "Four at a time, from two queues."),
            ],
            exitStatuses: [
                ExitStatus(0, "Stopped as asked, or nothing was left to do; with --is-running, it runs."),
                ExitStatus(1, "With --is-running or --stop, no worker runs."),
                ExitStatus(64, "Usage."), ExitStatus(65, "The database is not one of ours."),
                ExitStatus(69, "The broker cannot be reached at the start."),
                ExitStatus(70, "The pool failed."), ExitStatus(73, "Cannot create the pidfile or log file, or the pidfile's worker runs."),
                ExitStatus(77, "No permission."), ExitStatus(78, "Configuration."), ExitStatus(124, "With --stop, it did not stop in time."),
            ],
            notes: [
                "TERM and the first INT stop taking work, finish what runs, and exit with 0. Another INT, or QUIT, stops now and gives tasks back. HUP begins anew with new settings and tasks; USR1 opens the log file anew; TTIN and TTOU add and remove a child.",
                "With --supervised, a worker that a signal killed, or that ended with an error, is followed by another after 1 s, then 2 s, up to 60 s. The end of a worker is the end of its supervisor, with the same status, when it stopped as asked or had nothing left to do; when its command line, files, permissions or settings are at fault (64, 73, 77, 78); or when it has never worked: ended with an error, or died three times. A worker whose supervisor is killed stops as after TERM.",
                "Under systemd it reports READY, STOPPING and WATCHDOG through sd_notify.",
            ]),
        launch: launch)

    static let program = DaemonProgram(
        name: "celeryd", noun: "worker", options: CelerydOptions.daemon,
        files: { DaemonProgram.Files(log: $0.logFile, pid: $0.pidFile, level: $0.logLevel) }, startsProcesses: true,
        isSupervised: { $0[CelerydOptions.supervised] },
        // Running tasks finish first.
        stopPatience: .seconds(3_600), stopComplaint: "an hour; its tasks still run")

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let arguments = context.arguments
        if arguments.source(of: CelerydOptions.concurrency) == .commandLine, arguments.source(of: CelerydOptions.autoscale) == .commandLine {
            throw CommandError(
                ExitCode.usage, "--concurrency and --autoscale contradict each other", hint: "give --autoscale MAX,MIN alone")
        }
        let resolved = try context.resolved(CelerydOptions.flags(arguments))
        let settings = resolved.settings
        return try DaemonLaunch(program: program, context: context, settings: settings).launch(
            WorkerSignal.table,
            confirm: { try WorkerDiscard(context: context, settings: settings).confirm() },
            complaints: { try context.registry(settings, guardedBy: $0).problems.map(\.description) },
            live: { try await WorkerSession(context: context, settings: settings, resolved: resolved, daemon: $0).work() })
    }
}
