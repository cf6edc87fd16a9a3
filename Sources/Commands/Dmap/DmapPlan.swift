import Arguments
import CeleryCore
import Client
import Tasks

/// The parameters of a dmap. Its initializer detects every error that can be detected before sending.
struct DmapPlan: Sendable {
    let settings: Settings
    let client: Client
    /// The name of the task.
    let task: String
    /// The options in the task's definition; `nil` for a task that this project does not have.
    let taskOptions: TaskOptions?
    let options: SendOptions
    let deadline: ContinuousClock.Instant?

    init(_ context: CommandContext) async throws {
        let arguments = context.arguments
        var settings = try context.settings()
        WaitOptions.limitSending(to: arguments[DmapOptions.timeout], &settings)
        self.settings = settings
        client = try context.client(settings, willSend: !arguments[DmapOptions.dryRun])
        // Without a result store nothing can be waited for: fail before sending.
        _ = try client.store
        task = arguments.operands[0]
        taskOptions = try await KnownTasks(context: context, settings: settings, client: client).options(of: task, strict: false)
        options = try SendArguments.read(arguments)
        deadline = arguments[DmapOptions.timeout].map { ContinuousClock.now + $0 }
    }

    /// The queue that the items are sent to.
    var queue: String { options.queue ?? taskOptions?.queue ?? settings.defaultQueue }

    /// The reader of the items that the command line tells.
    static func items(_ arguments: ParsedArguments) throws -> DmapItems {
        let kind: ItemArguments.Kind = arguments[DmapOptions.jsonLines] ? .jsonLine : arguments[DmapOptions.raw] ? .raw : .word
        return try DmapItems(
            words: arguments.operands.indices.dropFirst().map { arguments.bytes(ofOperand: $0) }, kind: kind,
            separator: arguments[DmapOptions.null] ? 0 : UInt8(ascii: "\n"), chunk: arguments[DmapOptions.chunk])
    }
}
