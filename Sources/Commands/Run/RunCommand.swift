import Arguments
import CeleryCore
import Client
import Glibc
import Tasks

/// `celery run`: submit any command as a task.
enum RunCommand {
    static let after = Option.values(
        "after", placeholder: "ID", .taskID, help: "Begin only when this task has succeeded.", completion: .taskID)
    static let env = Option.values(
        "env", placeholder: "NAME|NAME=VALUE", .nonEmptyText,
        help: "Also pass on this environment variable, or set it to VALUE.")

    static let command = Command(
        CommandSpec(
            "run", section: "Tasks", summary: "Run any command as a task",
            usages: ["[options] [--] COMMAND [ARG]..."],
            discussion: [
                "Submits the command and prints the id of its task once the broker has confirmed it. A worker runs it in the folder where it was submitted, with the same umask and with part of the environment. It needs neither a file nor a shell: each ARG arrives as it was typed.",
                "Everything from COMMAND on belongs to the command, options included.",
                "The command reads from /dev/null. What it prints is the result of the task, as text; otherwise it is treated like any other program: exit status 75 requests a retry, and time limits, --retry-delay and the other options work as for celery apply.",
                "With --wait, waits for the command, prints what it printed, and exits with its status.",
                "With --after, the command waits in the broker until the given tasks have succeeded; no worker is occupied meanwhile. If one of them fails or is revoked, the command is revoked as well, and so are the commands that wait for it, as make stops after an error.",
            ],
            options: [after.description, env.description, ApplyCommand.taskID.description] + SendArguments.descriptions + [
                ApplyCommand.link.description, ApplyCommand.linkError.description, WaitOptions.wait.description,
                WaitOptions.timeout.description, ApplyCommand.key.description, ApplyCommand.keyTTL.description,
            ],
            misplaced: SendArguments.misplaced,
            operands: [
                Operand("COMMAND", help: "The program: a path, or a name that is searched in PATH.", completion: .file),
                Operand("ARG", .zeroOrMore, help: "Its arguments.", completion: .file, takesBytes: true),
            ],
            examples: [
                Example("celery run -- ffmpeg -i a.mov a.mp4", "Convert a film when a worker has time."),
                Example("celery run --wait --time-limit 10m make test", "Run the tests in the queue, and exit with their status."),
                Example("first=$(celery run make) && celery run --after $first make install", "Install only if the first command succeeds."),
                Example("celery run --countdown 2h --env DISPLAY notify-send Tea", "Run a command later, with one more variable."),
            ],
            exitStatuses: CeleryTable.statuses("0", "64", "65", "69", "75", "77", "78", "124", "125") + [
                ExitStatus("1-255", "With --wait, the status of the command; 126 or 127 also if it cannot be run or is not found."),
                ExitStatus(126, "With --wait, the command cannot be run, or its worker was lost."),
                ExitStatus(127, "No such task id; with --wait, no such command."),
                ExitStatus("128+n", "The command, or this program, died of signal n."),
            ],
            outputKeys: [
                OutputKey("id", "The id of the task."), OutputKey("task", "Always celery.run."), OutputKey("command", "The command and its arguments; secret values are ***."),
                OutputKey("new", "False if --key matched an earlier submission."),
                OutputKey("confirmed", "False, and present only with exit status 75: the broker may have the task, or accept it later."),
                OutputKey("with --wait", "The keys of celery result."),
            ],
            notes: [
                "A message that can run anything must come from somebody who could do that anyway. So celery run signs the command: its id, argv, folder, environment, umask, --after and --expires, with HMAC-SHA-256 and a key that lies beside the database (celery.db.key, made on first use). A worker runs no command without a valid signature. It runs none at all unless the database with its -wal and -shm files, their folder and the key belong to its own user, and nobody else can write to them or to the folders above; a worker of root runs only commands of root. celery run refuses with status 77 where workers would.",
                "With another broker, or with a database that others can write, CELERY_COMMAND_KEY must name a file with the same key on both sides, and CELERY_COMMAND_PATTERNS must list at the workers what may run (see celery.toml(5)). Then programs are searched in the PATH of the worker, and variables beyond languages and time zone must be listed in CELERY_COMMAND_ENVIRONMENT.",
                "Somebody who can read and write the messages of such a broker, but has no key, can still delete commands, delay them, run a command again once its result has expired (CELERY_TASK_RESULT_EXPIRES; with rpc:// results, at once), and move it to another queue whose workers have the same key. --expires limits how long they can; different keys keep machines apart.",
                "These variables are passed on: \((CommandVariables.places + CommandVariables.languages).joined(separator: ", ")), those of CELERY_COMMAND_ENVIRONMENT, and those given with --env. They are part of the message, which whoever may read the database can read. The worker adds CELERY_TASK_ID and the other variables of a task; nothing else of its environment is visible to the command.",
                "With the SQLite file, a command begins as soon as the last task that it waits for has succeeded. With other brokers, workers check from time to time: after a pause of an eighth of the time waited so far, at most 30 seconds. A task whose result is not stored (ignore_result) cannot be waited for, and rpc:// results cannot be looked up by workers.",
            ],
            endsOptionsAtOperand: true),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if arguments.isGiven(ApplyCommand.keyTTL), arguments[ApplyCommand.key] == nil { throw ArgumentError("--key-ttl goes with --key") }
        guard !arguments.operands[0].isEmpty else { throw ArgumentError("the name of the command is empty") }
        var options = try SendArguments.read(arguments)
        options.id = arguments[ApplyCommand.taskID]
        options.link = arguments[ApplyCommand.link].map { Signature(task: $0) }
        options.linkError = arguments[ApplyCommand.linkError].map { Signature(task: $0) }
        let earlier = arguments[after].distinct
        if let id = options.id, earlier.contains(id) { throw ArgumentError("a task cannot come after itself") }
        if earlier.count > Prerequisites.limit { throw ArgumentError("at most \(Prerequisites.limit) tasks can be given with --after") }

        var settings = try context.settings()
        WaitOptions.limitSending(to: arguments[WaitOptions.timeout], &settings)
        let deadline = arguments[WaitOptions.timeout].map { ContinuousClock.now + $0 }
        let submission = CommandSubmission(context: context, settings: settings)
        let request = try submission.request(
            arguments.operands.indices.map { JSON(text: arguments.bytes(ofOperand: $0)) }, arguments[env])
        try submission.checkPolicy(request)
        let client = try context.client(settings, willSend: true)
        let waits = ResultWaiting.isAsked(arguments)
        // Without a result store nothing can be waited for: fail before sending.
        if waits { _ = try client.store }
        try await submission.check(earlier, client)
        let message = try submission.message(request, options, after: earlier, client)
        try await submission.warn(request, client)
        let id = try await ApplyCommand.submit(message, client, context)

        if waits {
            return try await ResultWaiting(context: context, client: client, task: CommandTask.name).wait(for: id, until: deadline)
        }
        let shown = settings.redaction.shown(TaskArguments(args: request.argv))
        context.output.record(
            [
                "id": .string(id.text), "task": .string(CommandTask.name), "command": shown.map { .array($0.args) } ?? .null,
                "new": .bool(id == message.id),
            ], text: id.text)
        return ExitCode.done
    }
}
