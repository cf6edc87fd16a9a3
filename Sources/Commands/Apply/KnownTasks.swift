import Arguments
import CeleryCore
import Client
import Tasks

/// What is known of a task's name before it is submitted: by this project, or by a worker.
struct KnownTasks {
    let context: CommandContext
    let settings: Settings
    let client: Client

    /// Options of the task if it is one of this project; warns of, or refuses, an unknown name.
    func options(of name: String, strict: Bool) async throws -> TaskOptions? {
        if let builtIn = context.builtIn.first(where: { $0.name == name }) { return builtIn.options }
        // Only the app the name begins with: a project may have many.
        let apps = settings.installedApps.filter { name.hasPrefix("\($0).tasks.") }
        let local = TaskDiscovery(apps: apps, in: settings.projectFolder).definitions
        if let task = local.first(where: { $0.name == name }) { return task.options }
        var workers: [WorkerReport] = []
        if let listing = client.broker as? any WorkerListing {
            // A warning is not worth a second of everybody's time.
            guard listing.knowsWorkers || strict else { return nil }
            workers = try await listing.workers()
        }
        if workers.contains(where: { $0.tasks.contains(name) }) { return nil }

        let names = try context.registry(settings).registry.names + workers.flatMap(\.tasks)
        let nearest = NearestName.suggest(name, among: Set(names).sorted())
        let suggestion = nearest.map { "; did you mean '\($0)'?" } ?? ""
        let text = "no project here and no worker knows task '\(name)'\(suggestion)"
        if strict { throw CommandError(ExitCode.unknown, text) }
        context.output.note("celery \(context.arguments.command?.qualifiedName ?? "apply"): warning: \(text)")
        return nil
    }
}
