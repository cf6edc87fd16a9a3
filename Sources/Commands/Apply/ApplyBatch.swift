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
        if arguments[WaitOptions.wait] || arguments[ApplyCommand.key] != nil {
            throw CommandError(ExitCode.usage, "--batch cannot be combined with --wait or --key")
        }
        let defaults = try SendArguments.read(arguments)
        let settings = try context.settings()
        let client = try context.client(settings)
        let source = try LineSource(file: file, isReadTwice: true)
        var lines = BatchLines(defaults: defaults, known: try optionsOfTasks(settings), factory: client.factory)

        let bad = try check(source, &lines)
        try await warn(lines.names, client, settings)
        try source.rewind()
        let isTaken = try await send(source, &lines, skipping: bad, client)
        return bad.isEmpty && isTaken ? ExitCode.done : ExitCode.badData
    }

    /// The numbers of bad lines.
    private func check(_ source: LineSource, _ lines: inout BatchLines) throws -> Set<Int> {
        var bad: Set<Int> = []
        var ids: Set<TaskID> = []
        var number = 0
        while let line = try source.next() {
            number += 1
            do {
                if let id = try lines.work(from: line)?.options.id, !ids.insert(id).inserted {
                    throw CommandError(ExitCode.badData, "task id \(id) is already used by an earlier line")
                }
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
        return bad
    }

    /// - Returns: whether the broker accepted every line.
    private func send(_ source: LineSource, _ lines: inout BatchLines, skipping bad: Set<Int>, _ client: Client) async throws -> Bool {
        var sender = BatchSender(
            client: client, output: context.output, name: name, skipsRefused: context.arguments[ApplyCommand.skipBad])
        var number = 0
        while let line = try source.next() {
            number += 1
            guard !bad.contains(number), let message = try lines.message(from: line) else { continue }
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
