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
        if let local = TaskDiscovery.find(name, apps: settings.installedApps, in: settings.projectFolder) { return local.options }
        let workers = try await (client.broker as? any WorkerListing)?.workers() ?? []
        if workers.contains(where: { $0.tasks.contains(name) }) { return nil }

        let local = try context.registry(settings).registry.names
        let nearest = NearestName.suggest(name, among: Set(workers.flatMap(\.tasks) + local).sorted())
        let suggestion = nearest.map { "; did you mean '\($0)'?" } ?? ""
        let text = "no project here and no worker knows task '\(name)'\(suggestion)"
        if strict { throw CommandError(ExitCode.unknown, text) }
        context.output.note("celery apply: warning: \(text)")
        return nil
    }
}
