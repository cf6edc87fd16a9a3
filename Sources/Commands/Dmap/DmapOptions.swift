import Arguments

/// Options of `celery dmap`.
enum DmapOptions {
    static let jsonLines = Option.flag(
        "json-lines", help: "Take each line as JSON: an array of arguments, or an object of keyword arguments.")
    static let raw = Option.flag("raw", help: "Take every item as a string, even if it looks like JSON.")
    static let null = Option.flag("null", short: "0", help: "Items on stdin end with a NUL byte instead of a newline, as find -print0 writes them.")
    static let chunk = Option.value(
        "chunk", placeholder: "N", .integer(in: 1...100_000), default: .literal(1),
        help: "Give N items to each task, as one argument: an array. If the task returns an array of as many values, each is printed on a line of its own.")
    static let inFlight = Option.value(
        "in-flight", placeholder: "N", .integer(in: 1...100_000),
        help: "Number of items at the broker and at workers at a time; input is read as they finish. By default enough for half a second of work, and at least 64 or 16 for each child of --jobs.")
    static let delay = Option.value(
        "delay", placeholder: "S", .duration, help: "Wait this long between sending one item and the next.")
    static let unordered = Option.flag("unordered", help: "Print results as they come instead of in the order of the items.")
    static let tag = Option.flag("tag", help: "Begin each line of results with its item and a tab.")
    static let output = Option.value(
        "output", short: "o", placeholder: "FILE", .nonEmptyText,
        help: "Write results to FILE. With --joblog and --resume, each result is there exactly once and in order, whatever was killed when.", completion: .file)
    static let jobs = Option.value(
        "jobs", short: "j", placeholder: "N", .integer(in: 1...1_000),
        help: "Also run a pool of N here until done, so that no worker need be running.")
    static let jobLog = Option.value(
        "joblog", placeholder: "FILE", .nonEmptyText,
        help: "Write a line for each item to FILE when its result has been printed: the columns of GNU parallel, and the id of the task.", completion: .file)
    static let resume = Option.flag("resume", help: "Skip the items that the job log lists, and join items that still wait or run.")
    static let retryFailed = Option.flag("retry-failed", help: "Like --resume, but run failed items again.")
    static let halt = Option.value(
        "halt", placeholder: "WHEN", .halt,
        help: "Stop early when N items, or N% of all items, have failed: now,fail=N or soon,fail=N%. Waiting items are dropped; 'soon' waits for running items, 'now' does not.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration,
        help: "Time limit for the whole map; then withdraw what has not begun, and exit with 124.")
    static let keep = Option.flag("keep", help: "Keep results in the result store. Otherwise they are deleted once they are printed.")
    static let detach = Option.flag("detach", short: "d", help: "Send all items, print the id of their set, and do not wait for results.")
    static let dryRun = Option.flag("dry-run", help: "Send nothing; print for each item the command that would send it.")
    static let bar = Option.negatable(
        "bar", help: "Show a progress bar.", default: "on a terminal")

    static let all: [OptionDescription] = [
        jsonLines.description, raw.description, null.description, chunk.description, inFlight.description, delay.description,
        unordered.description, tag.description, output.description, jobs.description, jobLog.description, resume.description,
        retryFailed.description, halt.description, timeout.description, keep.description, detach.description,
        dryRun.description, bar.description,
    ] + SendArguments.descriptions

    /// Finds options that contradict each other.
    ///
    /// - Throws: `ArgumentError`.
    static func check(_ arguments: ParsedArguments) throws {
        if arguments[jobLog] == nil, arguments[resume] || arguments[retryFailed] {
            throw ArgumentError("--resume and --retry-failed need --joblog")
        }
        if arguments[jsonLines], arguments[raw] { throw ArgumentError("--json-lines and --raw exclude each other") }
        if arguments[null], arguments.operands.count > 1 { throw ArgumentError("--null is about items on stdin, but there are operands") }
        if arguments[tag], arguments[GlobalOptions.json] { throw ArgumentError("--tag and --json exclude each other: each object has its item") }
        guard arguments[detach] else { return }
        let isGiven = [
            ("--jobs", arguments[jobs] != nil), ("--output", arguments[output] != nil), ("--halt", arguments[halt] != nil),
            ("--timeout", arguments[timeout] != nil), ("--unordered", arguments[unordered]), ("--tag", arguments[tag]),
            ("--in-flight", arguments[inFlight] != nil),
        ]
        if let (name, _) = isGiven.first(where: \.1) {
            throw ArgumentError("--detach waits for nothing, so it excludes \(name)")
        }
    }
}
