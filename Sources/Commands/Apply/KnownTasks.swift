import Arguments
import CeleryCore
import Client
import Tasks

/// Looks a task name up in this project and at the workers before the task is submitted.
struct KnownTasks: Sendable {
    let context: CommandContext
    let settings: Settings
    let client: Client

    /// The options of a task of this project; `nil` for other tasks. Warns of an unknown name, or throws if `strict`.
    func options(of name: String, strict: Bool) async throws -> TaskOptions? {
        if name == CommandTask.name {
            throw CommandError(
                ExitCode.usage, "task '\(name)' needs a signed message, which only celery run makes",
                hint: "use celery run -- COMMAND ARG...")
        }
        let (options, problem) = declared(name)
        if let options { return options }
        var workers: [WorkerReport] = []
        if let listing = client.broker as? any WorkerListing {
            // Waiting a second for workers' answers is too much for a mere warning.
            guard listing.knowsWorkers || strict else {
                if let problem { warn(problem.description) }
                return nil
            }
            workers = try await listing.workers()
        }
        if workers.contains(where: { $0.tasks.contains(name) }) { return nil }

        if let problem {
            if strict { throw CommandError(ExitCode.unknown, "cannot submit task '\(name)': \(problem)") }
            warn(problem.description)
            return nil
        }
        let names = try context.registry(settings).registry.names + workers.flatMap(\.tasks)
        let nearest = NearestName.suggest(name, among: Set(names).sorted())
        let suggestion = nearest.map { "; did you mean '\($0)'?" } ?? ""
        let who = settings.file == nil ? "no worker knows" : "neither this project nor a worker knows"
        let text = "\(who) task '\(name)'\(suggestion)"
        if strict { throw CommandError(ExitCode.unknown, text) }
        warn(text)
        return nil
    }

    /// What this project says of a task: its options, or why its file is not a task. Blocks while files are read.
    func declared(_ name: String) -> (options: TaskOptions?, problem: TaskProblem?) {
        if let builtIn = context.builtIn.first(where: { $0.name == name }) { return (builtIn.options, nil) }
        if let known = HTTPTask.definitions(settings).first(where: { $0.name == name }) { return (known.options, nil) }
        // Search only the app that the name begins with: a project may have many.
        let apps = settings.installedApps.filter { name.hasPrefix("\($0).tasks.") }
        let discovery = TaskDiscovery(apps: apps, in: settings.projectFolder)
        if let task = discovery.definitions.first(where: { $0.name == name }) { return (task.options, nil) }
        return (nil, discovery.problems.first { $0.task == name })
    }

    private func warn(_ text: String) {
        context.output.note("celery \(context.arguments.command?.qualifiedName ?? "apply"): warning: \(text.inOneLine)")
    }
}
