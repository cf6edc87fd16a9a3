import CeleryCore
import Client
import Processes
import Synchronization
import Tasks

/// The tasks that this project or a worker knows.
struct WebTasks: Sendable {
    let client: Client
    let own: [String]
    private let declared: DeclaredOptions

    /// - Parameter own: Names of the tasks of this project.
    init(client: Client, own: [String], context: CommandContext) {
        self.client = client
        self.own = own
        declared = DeclaredOptions(KnownTasks(context: context, settings: client.settings, client: client))
    }

    /// Sorted.
    func all() async throws -> [String] {
        let workers = try await (client.broker as? any WorkerListing)?.workers() ?? []
        return Set(own + workers.flatMap(\.tasks)).sorted()
    }

    /// Whether it is sure that neither the project nor a worker knows a task. Nobody knows that while no worker runs, and a broker
    /// that has to ask its workers is not asked.
    func surelyLack(_ name: String) async throws -> Bool {
        if own.contains(name) { return false }
        if await options(of: name) != nil { return false }
        guard let listing = client.broker as? any WorkerListing, listing.knowsWorkers else { return false }
        let workers = try await listing.workers()
        return !workers.isEmpty && !workers.contains { $0.tasks.contains(name) }
    }

    /// The options of a task of this project, as `celery apply` reads them: a task that is sent has its queue and its priority.
    func options(of name: String) async -> TaskOptions? { await declared.options(of: name) }
}

/// The options of tasks of the project, read from their files when they are asked for, and kept for a second.
private final class DeclaredOptions: Sendable {
    private let tasks: KnownTasks
    private let read = Mutex<[String: (options: TaskOptions?, end: ContinuousClock.Instant)]>([:])

    private static let life: Duration = .seconds(1)
    private static let mostNames = 1_000

    init(_ tasks: KnownTasks) { self.tasks = tasks }

    /// Reads files on a thread of its own: a disk that is slow must not hold up other requests.
    func options(of name: String) async -> TaskOptions? {
        let now = ContinuousClock.now
        if let known = read.withLock({ $0[name] }), known.end > now { return known.options }
        let options = await withCheckedContinuation { continuation in
            WorkThread.start { [tasks] in continuation.resume(returning: tasks.declared(name).options) }
        }
        read.withLock { read in
            if read.count >= Self.mostNames { read.removeAll() }
            read[name] = (options, now + Self.life)
        }
        return options
    }
}
