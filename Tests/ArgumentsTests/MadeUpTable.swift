@testable import Arguments

/// A made-up program with one of everything.
enum MadeUp {
    static let settings = Option.value(
        "settings", placeholder: "FILE", .nonEmptyText, help: "Settings file to read.",
        environment: "CELERY_SETTINGS", completion: .file)
    static let broker = Option.value(
        "broker", short: "b", placeholder: "URL", .nonEmptyText, help: "Broker to use.",
        environment: "CELERY_BROKER_URL", settings: ["CELERY_BROKER_URL"])
    static let workdir = Option.value(
        "workdir", placeholder: "DIR", .nonEmptyText, help: "Directory to work in.", completion: .directory)
    static let json = Option.flag("json", help: "Print one JSON object a line.")
    static let quiet = Option.flag("quiet", short: "q", help: "Say less.", environment: "CELERY_QUIET")
    static let verbose = Option.counter("verbose", short: "v", help: "Say more.", environment: "CELERY_VERBOSE")
    static let noColor = Option.flag(
        "no-color", help: "Print without colors.", environment: "NO_COLOR", environmentParser: .presence)

    static let countdown = Option.value(
        "countdown", placeholder: "S", seconds, help: "Seconds to wait before the task may run.")
    static let queue = Option.value(
        "queue", placeholder: "QUEUE", .nonEmptyText, help: "Queue to send to.", completion: .queue)
    static let header = Option.values(
        "header", short: "H", placeholder: "K=V", .nonEmptyText, help: "Header to add.")
    static let batch = Option.value(
        "batch", placeholder: "FILE", .text, help: "File of messages, one a line.", completion: .file)
    static let link = Option.values(
        "link", placeholder: "TASK", .nonEmptyText, help: "Task to run after this one.", completion: .task)
    static let wait = Option.flag("wait", short: "w", help: "Wait for the result.")

    static let concurrency = Option.value(
        "concurrency", short: "c", placeholder: "N", .integer(in: 1...512), default: .literal(4),
        help: "Number of child processes that run tasks side by side; each takes about 12 MiB of memory.",
        environment: "CELERY_CONCURRENCY", settings: ["CELERYD_CONCURRENCY", "CELERY_CONCURRENCY"])
    static let loglevel = Option.value(
        "loglevel", short: "l", placeholder: "LEVEL", .choice(["debug", "info", "warning", "error"]),
        default: .literal("info"), help: "Least level to log.")
    static let queues = Option.value(
        "queues", short: "Q", placeholder: "A,B", .commaSeparated(.nonEmptyText), default: .literal(["celery"], "celery"),
        help: "Queues to take from.", completion: .queue)
    static let children = Option.value(
        "pool", placeholder: "N", .integer(in: 0...99), default: .described(8, "the number of processors"),
        help: "Children kept ready.")
    static let detach = Option.flag("detach", short: "d", aliases: ["daemon"], help: "Run in the background.")

    static let count = Option.value(
        "count", short: "n", placeholder: "N", .integer(in: 1...Int.max), default: .literal(10), help: "Runs to list.")
    static let once = Option.flag("once", help: "Send what is due, then exit.")
    static let bar = Option.negatable("bar", help: "Draw a bar of progress.", default: "on a terminal")
    static let signal = Option.value(
        "signal", placeholder: "SIGNAL", .nonEmptyText, default: .literal("TERM"), help: "Signal to send.", completion: .signal)

    /// Signs that mean something to a shell or to roff must come through as they are.
    static let odd = Option.value(
        "odd", placeholder: "X", .text, help: "It's [odd]: a\\b, $x, `y`, \"z\", 5%, x:y & <z> - not --odd.",
        completion: .values(["a@b", "a/b"]))

    static let destination = Option.value(
        "destination", placeholder: "NODES", .commaSeparated(.nonEmptyText), help: "Workers to ask.", completion: .worker)

    static let seconds = ValueParser<Double> { (text) throws(InvalidValue) in
        guard let number = Double(text), number >= 0 else {
            throw InvalidValue("is not a number of seconds", advice: "write 90, 90s or 10m")
        }
        return number
    }

    static let apply = CommandSpec(
        "apply", summary: "Submit a task",
        usages: ["[OPTION]... TASK [ARG|KEY=VALUE]...", "[OPTION]... --batch FILE"],
        discussion: [
            "Prints the task's id once the broker has confirmed the message; see --wait. A line that is long enough is wrapped.",
            ".hidden and 'quoted' \\ words survive, as does back`tick ~ ^ \"x\" and Grüße.",
        ],
        options: [
            countdown.description, queue.description, header.description, batch.description,
            link.description, wait.description,
        ],
        operands: [
            Operand("TASK", .optional, help: "Name of the task.", completion: .task),
            Operand("ARG|KEY=VALUE", .zeroOrMore, help: "Its arguments.", takesBytes: true),
        ],
        examples: [
            Example("celery apply thumbs.make a.jpg --wait", "Make a thumbnail and wait for it."),
            Example("celery apply thumbs.make --header one=first --header two=second --queue images --countdown 90 a.jpg", "Say much."),
            Example("jq -c . jobs | celery apply --batch -", "Submit what another program prints."),
        ],
        exitStatuses: [ExitStatus(0, "The broker confirmed."), ExitStatus("128+n", "Died of signal n.")],
        outputKeys: [OutputKey("id", "Id of the task.")],
        notes: ["A name that no worker knows is submitted all the same."])

    static let celeryd = CommandSpec(
        "celeryd", aliases: ["worker"], section: "Daemons", summary: "Run the worker",
        options: [
            concurrency.description, loglevel.description, queues.description, children.description,
            detach.description,
        ])

    static let next = CommandSpec("next", summary: "List the coming runs", options: [count.description])
    static let beat = CommandSpec(
        "beat", section: "Daemons", summary: "Send periodic tasks when they are due", options: [once.description],
        subcommands: [next, CommandSpec("list", summary: "List the entries")])
    static let dead = CommandSpec(
        "dead", summary: "Handle dead messages",
        subcommands: [
            CommandSpec(
                "replay", summary: "Send them again", discussion: ["Each one gets a new id."],
                operands: [Operand("ID", .oneOrMore, help: "Ids.", completion: .deadLetter)],
                examples: [Example("celery dead replay 4711", "Send one.")], exitStatuses: [ExitStatus(0, "Sent.")],
                outputKeys: [OutputKey("id", "The new id.")], notes: ["It keeps its name."])
        ],
        requiresSubcommand: true)
    static let status = CommandSpec(
        "status", summary: "Show states", options: [odd.description, destination.description],
        operands: [Operand("ID", .zeroOrMore, help: "Ids.", completion: .taskID)])
    static let result = CommandSpec(
        "result", summary: "Print a result", operands: [Operand("ID", help: "The id.", completion: .taskID)])
    static let dmap = CommandSpec(
        "dmap", summary: "Map a task", options: [bar.description, signal.description],
        operands: [
            Operand("TASK", help: "The task.", completion: .task), Operand("FILE", .optional, help: "Items.", completion: .file),
        ])
    static let help = CommandSpec(
        "help", summary: "Explain a command", operands: [Operand("COMMAND", .optional, help: "The command.", completion: .command)])
    static let complete = CommandSpec(
        "__complete", summary: "List candidates", operands: [Operand("TOPIC", help: "The topic.")], isHidden: true)

    static let globals = [
        settings.description, broker.description, workdir.description, json.description, quiet.description,
        verbose.description, noColor.description,
    ]

    static let table = CommandTable(
        program: "celery", version: "1.2", date: "2025-11-22", summary: "Distributed task queue",
        discussion: ["Starts on one file and grows to a cluster."],
        globalOptions: globals, commands: [apply, celeryd, beat, dead, status, result, dmap, help, complete],
        exitStatuses: [ExitStatus(0, "Done."), ExitStatus("1-100", "That many tasks failed.")],
        examples: [Example("celery status", "See who works.")], seeAlso: ["celery(7)"])

    static func parse(_ line: String, environment: [String: String] = [:]) throws -> ParsedArguments {
        try ArgumentParser.parse(line.split(separator: " ").map(String.init), table: table, environment: environment)
    }

    /// The error of a command line that should have one.
    static func error(_ line: String, environment: [String: String] = [:]) -> ArgumentError? {
        do {
            _ = try ArgumentParser.parse(line.split(separator: " ").map(String.init), table: table, environment: environment)
            return nil
        } catch {
            return error
        }
    }
}
