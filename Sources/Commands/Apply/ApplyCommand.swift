import Arguments
import CeleryCore
import Client
import Wire

/// `celery apply`: submit a task.
enum ApplyCommand {
    static let raw = Option.flag("raw", help: "Take every ARG as a string, even if it looks like JSON or KEY=VALUE.")
    static let args = Option.value("args", placeholder: "JSON", .jsonArray, help: "The positional arguments as a JSON array.")
    static let kwargs = Option.value("kwargs", placeholder: "JSON", .jsonObject, help: "The keyword arguments as a JSON object.")
    static let taskID = Option.value("task-id", placeholder: "ID", .taskID, help: "Use this task id instead of a new one.")
    static let link = Option.values("link", placeholder: "TASK", .nonEmptyText, help: "On success, send TASK with the return value.", completion: .task)
    static let linkError = Option.values("link-error", placeholder: "TASK", .nonEmptyText, help: "On failure, send TASK with the id of the failed task.", completion: .task)
    static let batch = Option.value(
        "batch", placeholder: "FILE|-", .nonEmptyText,
        help: "Submit a task for each line of FILE, or of stdin: a JSON object with task, args, kwargs and options.", completion: .file)
    static let set = Option.flag("set", help: "Make the tasks of a batch one task-set, and print only its id; see celery-taskset(1).")
    static let skipBad = Option.flag("skip-bad", help: "Submit the valid lines of a batch even if others are invalid.")
    static let key = Option.value(
        "key", placeholder: "K", .nonEmptyText, help: "Submit at most once per key K; print the earlier id if there is one.")
    static let keyTTL = Option.value(
        "key-ttl", placeholder: "S", .duration, default: .literal(.seconds(86_400), "1d"), help: "How long to remember K.")
    static let strict = Option.flag("strict", help: "Refuse a task that neither this project nor a worker knows.")

    static let command = Command(
        CommandSpec(
            "apply", section: "Tasks", summary: "Submit a task",
            usages: ["[options] TASK [ARG|KEY=VALUE]...", "[options] --batch FILE|-"],
            discussion: [
                "Prints the id of the task once the broker has confirmed it.",
                "An ARG is JSON if it parses as JSON, else a string; KEY=VALUE makes a keyword argument. The word -- ends the options. A program gets a number as it is spelled here, and an ARG that is not UTF-8, such as the name of a file, byte for byte.",
                "With --wait, waits for the task, prints its return value, passes on the stderr output of its program and the stdout output of a failed one to stderr, and exits with the status of the task. If nothing happens for a second because no worker consumes the queue or knows the task, or the queue is paused, a line on stderr says so.",
                "With --batch, arguments, ids, links and keys are those of the lines: --args, --kwargs, --raw, --task-id, --link, --link-error, --key, --key-ttl and --wait are refused. --timeout limits the time for sending.",
                "Inside a task, the new task becomes its child.",
            ],
            options: [raw.description, args.description, kwargs.description, taskID.description]
                + SendArguments.descriptions + [
                    link.description, linkError.description, WaitOptions.wait.description, WaitOptions.timeout.description,
                    batch.description, set.description, skipBad.description, key.description, keyTTL.description, strict.description,
                ],
            misplaced: SendArguments.misplaced,
            operands: [
                Operand("TASK", .optional, help: "The name of the task, as celery tasks lists it.", completion: .task),
                Operand("ARG|KEY=VALUE", .zeroOrMore, help: "Arguments of the task.", completion: .file, takesBytes: true),
            ],
            examples: [
                Example("celery apply thumbs.tasks.make a.jpg size=200", "Submit a task with two arguments."),
                Example("celery apply demo.tasks.add 2 3 --wait", "Submit, wait, and print 5."),
                Example("celery apply report.tasks.daily --eta 'tomorrow 06:00'", "Run a task tomorrow morning."),
                Example("celery apply --batch jobs.ndjson", "Submit a task for each line."),
            ],
            exitStatuses: CeleryTable.statuses("0", "1", "64", "65", "69", "75", "77", "78", "124", "125", "126", "127", "128+n"),
            outputKeys: [
                OutputKey("id", "The id of the task."), OutputKey("task", "The name of the task."),
                OutputKey("new", "False if --key matched an earlier submission."),
                OutputKey("line", "The line number, in a batch."),
                OutputKey("confirmed", "False, and present only with exit status 75: the broker may have the task, or accept it later."),
                OutputKey("with --wait", "The keys of celery result."),
            ],
            notes: [
                "The status is 75 if RabbitMQ does not confirm the task in time, for example during an alarm. The time is CELERY_PUBLISH_TIMEOUT, or --timeout if that is shorter, but at least one second. The broker may have the task nevertheless, or accept it later, so the error names the id; --json also prints an object whose key confirmed is false. Submit the task again with --task-id and that id: if the broker accepts both messages, they are one task with one result, though the task may run twice. For a batch, the ids of confirmed lines are printed and the other lines are named by number; lines that specify an id can be sent again in the same way.",
                "The whole batch is read and checked before anything is sent. Keys of a line: \(BatchLines.keys.joined(separator: ", ")).",
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        if let file = arguments[batch] { return try await ApplyBatch(context: context, file: file).run() }
        guard let name = arguments.operands.first else { throw ArgumentError("apply needs a TASK") }
        guard !name.isEmpty else { throw ArgumentError("the name of the task is empty") }
        if arguments[skipBad] { throw ArgumentError("--skip-bad goes with --batch") }
        if arguments[set] { throw ArgumentError("--set goes with --batch") }
        if arguments.isGiven(keyTTL), arguments[key] == nil { throw ArgumentError("--key-ttl goes with --key") }

        let (args, kwargs) = try taskArguments(arguments)
        var options = try SendArguments.read(arguments)
        options.id = arguments[taskID]
        options.link = arguments[link].map { Signature(task: $0) }
        options.linkError = arguments[linkError].map { Signature(task: $0) }

        var settings = try context.settings()
        WaitOptions.limitSending(to: arguments[WaitOptions.timeout], &settings)
        let deadline = arguments[WaitOptions.timeout].map { ContinuousClock.now + $0 }
        let client = try context.client(settings, willSend: true)
        let known = KnownTasks(context: context, settings: settings, client: client)
        let task = try await known.options(of: name, strict: arguments[strict])
        let message = client.factory.message(name, args: args, kwargs: kwargs, options: options, task: task)
        let waits = ResultWaiting.isAsked(arguments)
        // Without a result store nothing can be waited for: fail before sending.
        if waits { _ = try client.store }
        let id = try await submit(message, client, context)

        if waits {
            return try await ResultWaiting(context: context, client: client).wait(for: id, of: message, until: deadline)
        }
        context.output.record(
            ["id": .string(id.text), "task": .string(name), "new": .bool(id == message.id)], text: id.text)
        return ExitCode.done
    }

    private static func taskArguments(_ arguments: ParsedArguments) throws(ArgumentError) -> ([JSON], JSONObject) {
        let words = arguments.operands.indices.dropFirst().map { arguments.bytes(ofOperand: $0) }
        var (args, kwargs) = try ArgumentWords.parse(words, raw: arguments[raw])
        if let whole = arguments[Self.args]?.arrayValue {
            guard args.isEmpty else { throw ArgumentError("arguments are given both as operands and by --args") }
            args = whole
        }
        if let whole = arguments[Self.kwargs]?.objectValue {
            guard kwargs.isEmpty else { throw ArgumentError("keyword arguments are given both as operands and by --kwargs") }
            kwargs = whole
        }
        return (args, kwargs)
    }

    /// Publishes a message, at most once per key.
    ///
    /// - Returns: The id that holds the key: the message's own, or the earlier one.
    static func submit(_ message: Message, _ client: Client, _ context: CommandContext) async throws -> TaskID {
        let arguments = context.arguments
        guard let key = arguments[key] else {
            do {
                try await client.publish([message])
            } catch let error as DriverError where Unconfirmed.isMeant(by: error) {
                throw Unconfirmed.task(message, error, context.output)
            }
            return message.id
        }
        guard client.broker is any KeyedPublishing else {
            var error = DriverError.lacks("submit by key", client.broker.location)
            error.hint = "leave out --key, or name a broker that remembers keys, as --broker sqlite:///PATH"
            throw error
        }
        return try await client.publish(message, key: key, ttl: arguments[keyTTL])
    }
}

extension ValueParser where Value == TaskID {
    /// A task id: any text without spaces and control characters, of at most 155 bytes,
    /// the width of the id column in Python's result table.
    static var taskID: Self {
        Self { (text) throws(InvalidValue) in
            guard !text.isEmpty, text.utf8.count <= 155, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
                throw InvalidValue("is not a task id", advice: "use up to 155 letters, digits and signs, no spaces")
            }
            return TaskID(text)
        }
    }
}
