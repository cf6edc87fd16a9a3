import Arguments
import CeleryCore
import Processes

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
                ExitStatus(70, "The pool failed."), ExitStatus(73, "Cannot create the pidfile or log file, or the pidfile's worker runs."),
                ExitStatus(77, "No permission."), ExitStatus(78, "Configuration."), ExitStatus(124, "With --stop, it did not stop in time."),
            ],
            notes: [
                "TERM and the first INT stop taking work, finish what runs, and exit with 0. Another INT, or QUIT, stops now and gives tasks back. HUP begins anew with new settings and tasks; USR1 opens the log file anew; TTIN and TTOU add and remove a child.",
                "Under systemd it reports READY, STOPPING and WATCHDOG through sd_notify.",
            ]),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let arguments = context.arguments
        let settings = try context.settings(CelerydOptions.flags(arguments))
        let control = PIDFileControl(context: context, pidFile: settings.pidFile)
        if arguments[CelerydOptions.isRunning] { return .exit(try control.isRunning()) }
        if arguments[CelerydOptions.stop] { return .exit(try control.stop()) }
        if arguments[CelerydOptions.restart] { return .exit(try control.restart()) }

        let surroundings = try Surroundings(
            umask: arguments[CelerydOptions.umask],
            root: arguments[CelerydOptions.chroot].map { (path) throws(SystemError) in try AbsolutePath.of(path) },
            privileges: privileges(arguments))
        if case .foreground = context.role {
            try WorkerDiscard(context: context, settings: settings).confirm()
            if arguments[CelerydOptions.detach] { return .exit(try detach(context, settings, surroundings)) }
        }
        return try WorkerSession.launch(context, settings, surroundings)
    }

    /// Whom to become; a name that nobody has is a mistake of the command line.
    private static func privileges(_ arguments: ParsedArguments) throws -> Privileges? {
        do throws(SystemError) {
            return try Privileges(user: arguments[CelerydOptions.uid], group: arguments[CelerydOptions.gid])
        } catch {
            throw CommandError(ExitCode.usage, error.description)
        }
    }

    private static func detach(_ context: CommandContext, _ settings: Settings, _ surroundings: Surroundings) throws -> Int32 {
        // Mistakes in the project are said here, where somebody reads them.
        for problem in try context.registry(settings).problems { context.output.error("celery celeryd: warning: \(problem)") }
        let output = context.output
        var daemonizer = Daemonizer(pidFile: settings.pidFile, logFile: settings.logFile) { notice in
            output.note("celery celeryd: \(notice)")
        }
        daemonizer.surroundings = surroundings
        switch try daemonizer.launch() {
        case .ready:
            return ExitCode.done
        case .failed(let message, let status):
            output.error(message.hasPrefix("celery") ? message : "celery celeryd: \(message)")
            return status
        }
    }
}
