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
                "Consumes tasks from its queues and runs them concurrently in pool children. A task whose child or worker dies runs again as attempt 2.",
                "With --detach, the command returns when the worker is consuming (exit 0), or prints the worker's error and exits with its status.",
            ],
            options: CelerydOptions.all,
            examples: [
                Example("celery celeryd", "Work in the foreground; Ctrl-C stops it."),
                Example("celery celeryd --detach -p w.pid -f w.log", "Work in the background."),
                Example("celery celeryd --stop -p w.pid", "Stop the worker."),
                Example("celery celeryd -c4 -Q images,celery", "Run four tasks at a time, from two queues."),
            ],
            exitStatuses: [
                ExitStatus(0, "Stopped as asked, or no work was left; with --is-running, the worker runs."),
                ExitStatus(1, "With --is-running or --stop, no worker runs."),
                ExitStatus(64, "Usage."), ExitStatus(65, "The database belongs to another program."),
                ExitStatus(69, "The broker cannot be reached at startup."),
                ExitStatus(70, "The pool failed."), ExitStatus(73, "Cannot create the pidfile or log file, or the worker of the pidfile is running."),
                ExitStatus(77, "No permission."), ExitStatus(78, "Configuration."), ExitStatus(124, "With --stop, the worker did not stop in time."),
            ],
            notes: [
                "After TERM or the first INT, the worker takes no more messages, finishes running tasks, and exits with 0. A second INT, or QUIT, stops it immediately and requeues its tasks. HUP restarts it with new settings and tasks; USR1 reopens the log file; TTIN and TTOU add and remove a child.",
                "The worker follows its task files: new, changed and removed files take effect without a restart, once a file has been unchanged for 300 ms, with its permissions checked again. Messages of a task whose file is changing wait for that; messages of a task whose file is gone wait 5 s for it to return, and are then stored as dead letters. A program is started only in the state in which its option lines were read. If the option lines of a changed file are wrong, the task keeps its earlier options until they are corrected, and the worker logs what is wrong; a worker that starts then refuses the task. Apps added to INSTALLED_APPS need HUP.",
                "With --supervised, a worker that was killed by a signal or ended with an error is replaced after 1 s, then 2 s, up to 60 s. The supervisor ends with the worker, and with its status, when the worker stopped as asked or had no work left; when its command line, files, permissions or settings are at fault (64, 73, 77, 78); or when no worker ever became ready: the first ended with an error, or three were killed. A worker whose supervisor is killed stops as after TERM.",
                "Under systemd, the worker reports READY, STOPPING and WATCHDOG through sd_notify.",
            ]),
        launch: launch)

    static let program = DaemonProgram(
        name: "celeryd", noun: "worker", options: CelerydOptions.daemon,
        files: { DaemonProgram.Files(log: $0.logFile, pid: $0.pidFile, level: $0.logLevel) }, startsProcesses: true,
        isSupervised: { $0[CelerydOptions.supervised] },
        // Running tasks finish first.
        stopPatience: .seconds(3_600), stopComplaint: "an hour; its tasks are still running")

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
