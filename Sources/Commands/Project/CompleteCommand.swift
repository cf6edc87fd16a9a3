import Arguments
import Beat
import CeleryCore
import Client
import Configuration
import Tasks

/// `celery __complete`: dynamic candidates for the completion scripts.
enum CompleteCommand {
    static let command = Command(
        CommandSpec(
            "__complete", summary: "Print candidates for completion",
            operands: [Operand("TOPIC", help: "One of tasks, queues, ids and entries.", completion: .values(["tasks", "queues", "ids", "entries"]))],
            isHidden: true),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let resolved = try context.resolved()
        if context.arguments.operands[0] == "entries" {
            for name in try EntryTable(resolved, context, client: nil).entries.map(\.name) { context.output.line(name) }
            return ExitCode.done
        }
        for candidate in try await candidates(context.arguments.operands[0], context, resolved.settings) {
            context.output.line(candidate)
        }
        return ExitCode.done
    }

    private static func candidates(_ topic: String, _ context: CommandContext, _ settings: Settings) async throws -> [String] {
        // A completion must not create a database.
        let databases = try TableSync.databases(of: settings)
        let broker = try databases.allSatisfy { try $0.exists() } ? context.client(settings, warns: false).broker : nil
        // A completion must be fast: ask only a broker that lists workers without waiting for their replies.
        let listing = (broker as? any WorkerListing).flatMap { $0.knowsWorkers ? $0 : nil }
        let workers = try await listing?.workers() ?? []
        switch topic {
        case "tasks":
            return Set(try context.registry(settings).registry.names + workers.flatMap(\.tasks)).sorted()
        case "queues":
            let queues = try await (listing as? any QueueCounting)?.queues().map(\.name) ?? []
            return Set(queues + settings.queues + [settings.defaultQueue]).sorted()
        case "ids":
            return workers.flatMap(\.running).map(\.id.text)
        default:
            throw ArgumentError("\(ArgumentError.quote(topic)) is not one of tasks, queues, ids, entries")
        }
    }
}
