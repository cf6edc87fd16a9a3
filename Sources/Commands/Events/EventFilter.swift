import CeleryCore
import Wire

/// Selects events. Remembers task names, since only the first events of a task contain the name.
struct EventFilter {
    /// The event types of this program's workers and of Python's.
    static let knownTypes = [
        "task-sent", "task-received", "task-started", "task-succeeded", "task-failed", "task-retried", "task-revoked", "task-rejected",
        "task-cancelled", "worker-online", "worker-heartbeat", "worker-offline", "worker-elect", "worker-elect-ack",
    ]

    /// The types, or prefixes of types, that no worker sends. A task may still send its own events.
    static func unknown(_ types: [String]) -> [String] {
        types.filter { type in !knownTypes.contains { $0 == type || $0.hasPrefix(type + "-") } }
    }

    /// The number of names remembered per generation.
    private static let nameLimit = 100_000

    let types: [String]
    let tasks: [String]
    let ids: Set<TaskID>
    /// Looks up earlier events of a task.
    let reading: (any EventReading)?

    /// Task names by id in two generations: when `names` is full, it replaces `olderNames`.
    private var names: [TaskID: String] = [:]
    private var olderNames: [TaskID: String] = [:]

    init(types: [String], tasks: [String], ids: Set<TaskID>, reading: (any EventReading)?) {
        self.types = types
        self.tasks = tasks
        self.ids = ids
        self.reading = reading
    }

    /// - Returns: the name of the task, or "" if there is none or it is unknown; `nil` if the event is not selected.
    mutating func passes(_ event: Event) async -> String? {
        var name = ""
        if let id = event.taskID {
            note(event, id)
            if !ids.isEmpty, !ids.contains(id) { return nil }
            name = await self.name(of: id)
        } else if !ids.isEmpty {
            return nil
        }
        guard types.isEmpty || types.contains(where: { event.type == $0 || event.type.hasPrefix($0 + "-") }) else { return nil }
        guard tasks.isEmpty || tasks.contains(where: { Glob.matches(name, $0) }) && event.isOfTask else { return nil }
        return name
    }

    private mutating func note(_ event: Event, _ id: TaskID) {
        if let name = event.details["name"]?.stringValue { remember(name, id) }
    }

    private mutating func remember(_ name: String, _ id: TaskID) {
        names[id] = name
        if names.count > Self.nameLimit { (olderNames, names) = (names, [:]) }
    }

    private mutating func name(of id: TaskID) async -> String {
        if let name = names[id] ?? olderNames[id] { return name }
        // The task began before this command.
        let earlier = (try? await reading?.events(of: [id])) ?? []
        let name = earlier.lazy.compactMap { $0.event.details["name"]?.stringValue }.first ?? ""
        remember(name, id)
        return name
    }
}
