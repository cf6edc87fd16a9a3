import CeleryCore
import Tasks

/// The lines that a worker prints at startup, in the style of the original.
struct WorkerBanner {
    let settings: Settings
    let identity: WorkerIdentity
    let concurrency: Int
    var autoscale: AutoscaleRange?
    let broker: String
    let store: String
    let registry: TaskRegistry
    /// The names of the periodic tasks; `nil` if the worker embeds no beat.
    var periodicTasks: [String]?

    var lines: [String] {
        [
            "Celery \(Version.text) is starting.",
            "Configuration ->",
            "    . Broker -> \(broker)",
            "    . Queues -> \(settings.queues.map { name in name + (settings.queueWeights[name].map { "=\($0)" } ?? "") }.joined(separator: ", "))",
            "    . Concurrency -> \(autoscale.map { "from \($0.least) to \($0.most)" } ?? "\(concurrency)")",
            "    . Result store -> \(store)",
            "    . Statistics -> \(settings.keepsStatistics ? "ON" : "OFF")",
            "    . Worker -> \(identity.name)",
            "    . Tasks -> \(tasks)",
        ] + (periodicTasks.map { ["    . Periodic tasks -> \(BeatBanner.list($0).inOneLine)"] } ?? [])
    }

    private var tasks: String {
        // The task that runs commands is no task of the project.
        let names = registry.names.filter { $0 != CommandTask.name }
        return names.isEmpty ? "none found in \(settings.projectFolder)" : BeatBanner.list(names).inOneLine
    }
}
