import Arguments
import CeleryCore

/// `celery web`: a dashboard, the status URL, metrics and an API by HTTP.
enum WebCommand {
    static let program = DaemonProgram(
        name: "web", noun: "server", options: WebOptions.daemon,
        files: { DaemonProgram.Files(log: $0.web.logFile, pid: $0.web.pidFile, level: $0.web.logLevel) },
        startsProcesses: false, stopPatience: .seconds(60), stopComplaint: "a minute")

    static let command = Command(
        CommandSpec(
            "web", section: "Workers", summary: "Serve a dashboard, the status of tasks, metrics and an API by HTTP",
            discussion: [
                "Open http://127.0.0.1:5555/ in a browser for the dashboard: tasks, queues, workers, periodic tasks, task-sets and dead letters, and the actions on them. The pages need no JavaScript; with it, they update themselves. Every action shows the command that does the same. Users who may only read see no actions.",
                "Answers /celery/ID/status/ and /celery/ID/done/ for Ajax in the form of django-celery, /celery/tasks/, /metrics for Prometheus under the names of Flower and of celery-exporter, /healthcheck, and the reading half and the task actions of Flower's /api/. celery(7) describes them.",
                "With --apply, programs submit tasks by POST to /celery/apply/TASK/, with a token that names the tasks that it may submit.",
                "The server listens on 127.0.0.1:5555, where the user that runs it needs no credentials. Everybody else needs a user or token of the file given by --auth, which also states which users may only read. Requests that a proxy passes on always need credentials.",
                "It needs the library libmicrohttpd12, which is loaded when the command starts.",
                "With --detach, the command returns once the server answers (exit 0), or prints the server's error and exits with its status.",
            ],
            options: WebOptions.all,
            examples: [
                Example("celery web", "Serve on 127.0.0.1:5555; Ctrl-C stops the server."),
                Example("celery web --detach --public-status", "Serve in the background; the status of tasks needs no credentials."),
                Example("celery web --bind unix:web.sock --read-only", "Serve on a socket in the file system, without actions."),
                Example("celery web --bind 0.0.0.0:5555 --auth web.auth", "Serve to other machines, for the users of a file."),
                Example("celery web --auth web.auth --apply 'shop.*'", "Let programs with a token submit the tasks of shop."),
                Example("curl localhost:5555/celery/ID/status/?wait=30", "Wait up to 30 seconds for the end of a task."),
                Example("celery web --stop", "Stop the server of the default pidfile."),
            ],
            exitStatuses: [
                ExitStatus(0, "Stopped as asked; with --is-running, the server runs."),
                ExitStatus(1, "With --is-running, --stop or --restart, no server runs."),
                ExitStatus(64, "Usage."), ExitStatus(69, "The broker cannot be reached."),
                ExitStatus(73, "Cannot listen, create the pidfile or the log file, or the server of the pidfile is running."),
                ExitStatus(77, "No permission."),
                ExitStatus(78, "Configuration, a missing library, or an unsafe file of credentials."),
                ExitStatus(124, "With --stop, the server did not stop in time."),
            ],
            notes: [
                "TERM, INT and QUIT stop the server with exit status 0. HUP starts it again with new settings and credentials. USR1 reopens the log file.",
                "A line of the file of credentials is NAME:HASH:RIGHT for a user, with a hash of crypt(3) as 'htpasswd -nB NAME', 'mkpasswd' or 'openssl passwd -6' print it, or @NAME:SHA256:RIGHT for a bearer token, with the SHA-256 of the token. RIGHT is read or act, which includes read; without it, a line gives read. A token may instead have apply=PATTERN, with commas between several: it submits those tasks that --apply lists as well, and reads the status of tasks whose ids it knows.",
            ]),
        launch: launch)

    private static func launch(_ context: CommandContext) throws -> Command.Launch {
        let settings = try context.settings(WebOptions.flags(context.arguments))
        return try DaemonLaunch(program: program, context: context, settings: settings).launch(
            ServerSignal.table, complaints: { _ in [] },
            live: { try await WebSession(context: context, settings: settings, daemon: $0).work() })
    }
}
