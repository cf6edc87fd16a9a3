import Beat
import CeleryCore
import Client
import Configuration
import Schedules
import Tasks

/// The periodic tasks of a project as entries of beat: sections of the settings, tasks with a schedule of their
/// own, and the daily cleanup.
struct EntryTable {
    /// Sections first, then tasks by name, then the cleanup.
    private(set) var entries: [Entry] = []
    /// Oddities of entries that can be sent nevertheless.
    private(set) var warnings: [String] = []
    /// Files that cannot be tasks, with the reasons.
    let problems: [TaskProblem]
    let settings: Settings
    let registry: TaskRegistry
    private let factory: MessageFactory
    /// The source of each entry, by name.
    private var sources: [String: String] = [:]

    /// - Parameter client: the client for the broker that messages go to; `nil` if only the names matter.
    /// - Throws: `CommandError` for an invalid entry; errors of the client's store.
    init(_ resolved: ResolvedSettings, _ context: CommandContext, client: Client?) throws {
        settings = resolved.settings
        (registry, problems) = try context.registry(settings)
        factory = client?.factory(settings) ?? MessageFactory(settings: settings, environment: [:])
        for section in resolved.periodicTasks { try add(entry(section)) }
        for task in registry.sorted { if let periodic = task.options.periodic { try add(entry(task, periodic)) } }
        let cleanup = BackendCleanup(settings: settings)
        if try cleanup.isNeeded(client), sources[BackendCleanup.name] == nil {
            try add(make(BackendCleanup.name, task: BackendCleanup.name, try cleanup.periodic(), source: "built in"))
        }
    }

    private mutating func add(_ entry: Entry) throws {
        if let earlier = sources.updateValue(entry.source, forKey: entry.name) {
            throw CommandError(
                ExitCode.configuration, "periodic task '\(entry.name)' is defined twice: in \(earlier) and in \(entry.source)",
                hint: "give the section another name, or remove one of them")
        }
        entries.append(entry)
    }

    /// The entry of a section `[beat.NAME]`.
    private mutating func entry(_ section: PeriodicSection) -> Entry {
        if registry[section.task] == nil, !section.task.hasPrefix("celery.") {
            let nearest = registry.nearest(to: section.task).map { "; did you mean '\($0)'?" } ?? ""
            warnings.append(
                "\(section.place): periodic task '\(section.name)' sends '\(section.task)', which no project here knows\(nearest)")
        }
        return make(
            section.name, task: section.task, args: section.args, kwargs: section.kwargs, options: SendOptions(section.options),
            section.periodic, source: "\(section.place)")
    }

    /// The entry of a task with a schedule of its own.
    private func entry(_ task: TaskDefinition, _ periodic: PeriodicOptions) -> Entry {
        make(task.name, task: task.name, periodic, source: task.source)
    }

    private func make(
        _ name: String, task: String, args: [JSON] = [], kwargs: JSONObject = [:], options: SendOptions = SendOptions(),
        _ periodic: PeriodicOptions, source: String
    ) -> Entry {
        let known = registry[task]?.options
        var message = factory.message(task, args: args, kwargs: kwargs, options: options, task: known, sent: nil)
        // Each run gets an id when it is sent. Without one, entries from two readings of the same settings compare equal.
        message.id = TaskID("")
        message.rootID = message.id
        let ignoresResult = message.ignoreResult ?? known?.ignoreResult ?? settings.ignoreResult
        return Entry(name: name, message: message, periodic: periodic, ignoresResult: ignoresResult, source: source)
    }
}
