import Arguments
import CeleryCore
import Client
import Tasks

/// What a dmap is to do, before it begins: everything that may be refused is refused while this is made.
struct DmapPlan: Sendable {
    let settings: Settings
    let client: Client
    /// The name of the task.
    let task: String
    /// As the project here or a worker knows them.
    let taskOptions: TaskOptions?
    let options: SendOptions
    let deadline: ContinuousClock.Instant?

    init(_ context: CommandContext) async throws {
        let arguments = context.arguments
        var settings = try context.settings()
        WaitOptions.limitSending(to: arguments[DmapOptions.timeout], &settings)
        self.settings = settings
        client = try context.client(settings)
        // What cannot be waited for is not sent.
        _ = try client.store
        task = arguments.operands[0]
        taskOptions = try await KnownTasks(context: context, settings: settings, client: client).options(of: task, strict: false)
        options = try SendArguments.read(arguments)
        deadline = arguments[DmapOptions.timeout].map { ContinuousClock.now + $0 }
    }

    /// Where the items go.
    var queue: String { options.queue ?? taskOptions?.queue ?? settings.defaultQueue }
}
