package import CeleryCore
import Wire

extension Client {
    /// What the broker knows of tasks that wait or run.
    package enum WaitingKnowledge: Sendable {
        /// All of them.
        case all
        /// Only tasks that workers report when asked.
        case held
        /// None.
        case none
    }

    /// How much of the tasks that wait or run a list can show on this broker.
    package var knownOfWaiting: WaitingKnowledge {
        broker is any WaitingListing ? .all : broker is any WorkerAsking ? .held : .none
    }

    /// The newest selected tasks of broker and result store together, newest first by `changed`.
    ///
    /// - Throws: `DriverError`.
    package func tasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask] {
        async let told = toldTasks(filter)
        // The broker first: a task that ends between the two queries is then found in the store.
        let open = filter.selects(any: [.queued, .scheduled, .started, .retry]) ? try await openTasks(filter, limit: limit) : []
        let ended = try await (store as? any ResultListing)?.listedTasks(filter, before: nil, limit: limit) ?? []
        var byID: [TaskID: ListedTask] = [:]
        for task in await told { byID[task.id] = task }
        for task in open { byID[task.id] = task }
        // A running task's result may be too old for the store's page.
        let results = open.isEmpty ? [:] : try await store.results(for: open.map(\.id))
        for (id, result) in results { byID[id]?.result = result }
        for task in ended { byID[task.id] = byID[task.id].map { $0.phase.isOpen ? $0.joined(with: task) : task } ?? task }
        let tasks = byID.values.filter { filter.phases?.contains($0.phase) ?? true }
        return Array(tasks.sorted { ($0.changed, $0.position, $0.id.text) > ($1.changed, $1.position, $1.id.text) }.prefix(limit))
    }

    /// Ended tasks of which stored events tell, if the store cannot list them.
    func toldTasks(_ filter: TaskFilter) async -> [ListedTask] {
        guard let broker = broker as? any EventFollowing, !((try? store) is any ResultListing),
            filter.selects(any: [.success, .failure, .revoked])
        else { return [] }
        let since = filter.since ?? Timestamp(seconds: Timestamp.now.seconds - ToldTasks.age)
        return await ToldTasks.tasks(of: broker, since: since).filter { task in
            task.isNamed(filter.task) && filter.text.map(task.fails) ?? true && filter.selects(task)
        }
    }

    func openTasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask] {
        guard let listing = broker as? any WaitingListing else { return try await heldTasks(filter) }
        let waiting = try await listing.waitingTasks(filter, limit: limit)
        // A broker that does not know its workers does not know what they hold, either.
        guard let workers = broker as? any WorkerListing, !workers.knowsWorkers else { return waiting }
        let held = try await heldTasks(filter)
        let ids = Set(held.map(\.id))
        return held + waiting.filter { !ids.contains($0.id) }
    }

    private func heldTasks(_ filter: TaskFilter) async throws -> [ListedTask] {
        guard let asking = broker as? any WorkerAsking else { return [] }
        return try await HeldTasks.tasks(of: asking).filter { task in
            task.isNamed(filter.task) && task.tells(textOf: filter) && filter.selects(task)
        }
    }
}

extension ListedTask {
    /// Whether its name matches a shell pattern; `nil` matches every task.
    fileprivate func isNamed(_ pattern: String?) -> Bool { pattern.map { Glob.matches(task ?? "", $0) } ?? true }
}
