import Arguments
import CeleryCore
import Client
import Schedules
import Tasks

/// `celery tasks`: lists the tasks of a project.
enum TasksCommand {
    static let remote = Option.flag("remote", help: "List the tasks that running workers know instead.")

    static let command = Command(
        CommandSpec(
            "tasks", section: "Project", summary: "List the tasks of this project",
            discussion: ["Prints name, file and options of each task, including the schedule of a periodic task. Files that cannot be tasks are reported on stderr with the reason."],
            options: [remote.description],
            examples: [Example("celery tasks", "List tasks, files and options.")],
            exitStatuses: [ExitStatus(0, "Done."), ExitStatus(65, "A file cannot be a task."), ExitStatus(78, "Configuration.")],
            outputKeys: [
                OutputKey("task", "The name of the task."), OutputKey("source", "The file of the task, or 'built in'."),
                OutputKey("options", "Options that differ from the defaults."), OutputKey("workers", "With --remote, the workers that know the task."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let settings = try context.settings()
        if context.arguments[remote] { return try await listRemote(context, settings) }
        let (registry, problems) = try context.registry(settings, guardedBy: .current)
        context.output.table(ownFirst(registry.sorted, \.name), ["task", "source", "options"]) { task in
            let options = TaskOptionList(task.options).pairs.map { "\($0.0)=\(TaskOptionList.quoted($0.1))" }
            return ([task.name, task.source] + options).map(\.inOneLine)
        } object: { task in
            let options = TaskOptionList(task.options).pairs.map { ($0.0, JSON.string($0.1)) }
            return ["task": .string(task.name), "source": .string(task.source), "options": .object(JSONObject(options))]
        }
        for problem in problems {
            context.output.error("celery tasks: \(problem.isWarning ? "warning: " : "")\(problem.description.inOneLine)")
        }
        if registry.names.allSatisfy({ $0 == CommandTask.name }) && problems.isEmpty {
            context.output.note("celery tasks: no tasks in \(settings.projectFolder)")
            if settings.installedApps.isEmpty { context.output.note("hint: name the folders of your apps in INSTALLED_APPS in celery.toml") }
        }
        return problems.allSatisfy(\.isWarning) ? ExitCode.done : ExitCode.badData
    }

    /// The tasks of the project before the one that runs commands.
    private static func ownFirst<Listed>(_ tasks: [Listed], _ name: (Listed) -> String) -> [Listed] {
        tasks.filter { name($0) != CommandTask.name } + tasks.filter { name($0) == CommandTask.name }
    }

    private static func listRemote(_ context: CommandContext, _ settings: Settings) async throws -> Int32 {
        let client = try context.client(settings)
        guard let listing = client.broker as? any WorkerListing else {
            throw DriverError.lacks("list workers", client.broker.location)
        }
        var known: [String: [String]] = [:]
        for worker in try await listing.workers() {
            for task in worker.tasks { known[task, default: []].append(worker.name) }
        }
        context.output.table(ownFirst(known.sorted { $0.key < $1.key }, \.key), ["task", "workers"]) { task in
            [task.key, task.value.joined(separator: ",")].map(\.inOneLine)
        } object: { task in
            ["task": .string(task.key), "workers": .array(task.value.map(JSON.string))]
        }
        return ExitCode.done
    }
}

/// The options of a task that differ from the defaults, in the notation of option lines.
struct TaskOptionList {
    let pairs: [(String, String)]

    init(_ options: TaskOptions) {
        var pairs = TaskOptionTable.rows(at: .optionLine).compactMap { option in
            option.text(in: options.said).map { (option.name, $0) }
        }
        if let periodic = options.periodic { pairs += periodic.words.map { ($0.name, $0.value) } }
        self.pairs = pairs
    }

    /// A value as in an option line: quoted if it contains blanks or commas.
    static func quoted(_ value: String) -> String { value.contains { $0 == " " || $0 == "," } ? "\"\(value)\"" : value }
}
