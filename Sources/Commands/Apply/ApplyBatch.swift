import Arguments
import CeleryCore
import Client
import Tasks

/// `celery apply --batch`: one JSON object per line.
///
/// The first pass checks every line, the second sends. Only one block of the file and the ids
/// that lines name are held in memory, so a batch may be larger than memory.
struct ApplyBatch {
    let context: CommandContext
    let file: String

    func run() async throws -> Int32 {
        let arguments = context.arguments
        guard arguments.operands.isEmpty else { throw CommandError(ExitCode.usage, "--batch takes no TASK") }
        let excluded = [
            ("--wait", arguments[WaitOptions.wait]), ("--key", arguments[ApplyCommand.key] != nil),
            ("--key-ttl", arguments.isGiven(ApplyCommand.keyTTL)), ("--raw", arguments[ApplyCommand.raw]),
            ("--args", arguments[ApplyCommand.args] != nil), ("--kwargs", arguments[ApplyCommand.kwargs] != nil),
            ("--task-id", arguments[ApplyCommand.taskID] != nil), ("--link", !arguments[ApplyCommand.link].isEmpty),
            ("--link-error", !arguments[ApplyCommand.linkError].isEmpty),
        ]
        if let (name, _) = excluded.first(where: \.1) { throw CommandError(ExitCode.usage, "--batch cannot be combined with \(name)") }
        let defaults = try SendArguments.read(arguments)
        var settings = try context.settings()
        WaitOptions.limitSending(to: arguments[WaitOptions.timeout], &settings)
        let client = try context.client(settings)
        let source = try LineSource(file: file, isReadTwice: true)
        var lines = BatchLines(defaults: defaults, known: try optionsOfTasks(settings), factory: client.factory)

        let (bad, count) = try check(source, &lines)
        try await warn(lines.names, client, settings)
        try source.rewind()
        let set = arguments[ApplyCommand.set] ? BatchSet(client: client) : nil
        try await set?.begin(count)
        let isTaken = try await send(source, &lines, skipping: bad, client, set)
        if let set { context.output.record(["set": .string(set.id), "items": .int(Int64(count))], text: set.id) }
        return bad.isEmpty && isTaken ? ExitCode.done : ExitCode.badData
    }

    /// The numbers of bad lines, and how many tasks the others make.
    private func check(_ source: LineSource, _ lines: inout BatchLines) throws -> (bad: Set<Int>, count: Int) {
        var bad: Set<Int> = []
        var ids: Set<TaskID> = []
        var number = 0
        var count = 0
        while let line = try source.next() {
            number += 1
            do {
                guard let work = try lines.work(from: line) else { continue }
                if let id = work.options.id {
                    if context.arguments[ApplyCommand.set] {
                        throw CommandError(ExitCode.badData, "the tasks of a set are numbered: leave out 'id', or --set")
                    }
                    guard ids.insert(id).inserted else {
                        throw CommandError(ExitCode.badData, "task id \(id) is already used by an earlier line")
                    }
                }
                count += 1
            } catch {
                bad.insert(number)
                context.output.error("celery apply: \(name), line \(number): \(Report.describe(error).message)")
                if bad.count == 20 && !context.arguments[ApplyCommand.skipBad] { break }
            }
        }
        if !bad.isEmpty && !context.arguments[ApplyCommand.skipBad] {
            context.output.error("hint: nothing was sent; correct the lines, or use --skip-bad")
            throw Quit(status: ExitCode.badData)
        }
        return (bad, count)
    }

    /// - Returns: whether the broker accepted every line.
    private func send(_ source: LineSource, _ lines: inout BatchLines, skipping bad: Set<Int>, _ client: Client, _ set: BatchSet?) async throws -> Bool {
        var sender = BatchSender(
            client: client, output: context.output, name: name, skipsRefused: context.arguments[ApplyCommand.skipBad], isSilent: set != nil)
        var member = 0
        var number = 0
        while let line = try source.next() {
            number += 1
            guard !bad.contains(number), var message = try lines.message(from: line) else { continue }
            member += 1
            set?.number(&message, member)
            try await sender.add(BatchSender.Line(number: number, message: message))
        }
        try await sender.finish()
        return !sender.hasRefused
    }

    private var name: String { file == "-" ? "stdin" : file }

    private func optionsOfTasks(_ settings: Settings) throws -> [String: TaskOptions] {
        var options: [String: TaskOptions] = [:]
        for definition in try context.registry(settings).registry.sorted { options[definition.name] = definition.options }
        return options
    }

    private func warn(_ names: Set<String>, _ client: Client, _ settings: Settings) async throws {
        let known = KnownTasks(context: context, settings: settings, client: client)
        for name in names.sorted() { _ = try await known.options(of: name, strict: context.arguments[ApplyCommand.strict]) }
    }
}
