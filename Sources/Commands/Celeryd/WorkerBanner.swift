import CeleryCore
import Tasks

/// What a worker says of itself at the start, in the manner of the original.
struct WorkerBanner {
    let settings: Settings
    let identity: WorkerIdentity
    let concurrency: Int
    let broker: String
    let store: String
    let registry: TaskRegistry

    var lines: [String] {
        [
            "Celery \(Version.text) is starting.",
            "Configuration ->",
            "    . Broker -> \(broker)",
            "    . Queues -> \(settings.queues.joined(separator: ", "))",
            "    . Concurrency -> \(concurrency)",
            "    . Result store -> \(store)",
            "    . Worker -> \(identity.name)",
            "    . Tasks -> \(tasks)",
        ]
    }

    private var tasks: String {
        let names = registry.names
        if names.isEmpty { return "none found in \(settings.projectFolder)" }
        let shown = names.prefix(20).joined(separator: ", ")
        return names.count > 20 ? "\(shown), and \(names.count - 20) more" : shown
    }
}
