package import CeleryCore
import Wire

extension Client {
    /// What the broker knows of tasks that wait or run.
    package enum WaitingKnowledge: Sendable {
        /// All of them.
        case all
        /// Only running tasks, as reported by workers.
        case running
        /// None.
        case none
    }

    /// How much of the tasks that wait or run a list can show on this broker.
    package var knownOfWaiting: WaitingKnowledge {
        broker is any WaitingListing ? .all : broker is any WorkerListing ? .running : .none
    }

    /// The newest selected tasks of broker and result store together, newest first by `changed`.
    ///
    /// - Throws: `DriverError`.
    package func tasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask] {
        // The broker first: a task that ends between the two queries is then found in the store.
        let open = filter.selects(any: [.queued, .scheduled, .started, .retry]) ? try await openTasks(filter, limit: limit) : []
        let ended = try await (store as? any ResultListing)?.listedTasks(filter, before: nil, limit: limit) ?? []
        var byID: [TaskID: ListedTask] = [:]
        for task in open { byID[task.id] = task }
        // A running task's result may be too old for the store's page.
        let results = open.isEmpty ? [:] : try await store.results(for: open.map(\.id))
        for (id, result) in results { byID[id]?.result = result }
        for task in ended { byID[task.id] = byID[task.id]?.joined(with: task) ?? task }
        let tasks = byID.values.filter { filter.phases?.contains($0.phase) ?? true }
        return Array(tasks.sorted { ($0.changed, $0.position, $0.id.text) > ($1.changed, $1.position, $1.id.text) }.prefix(limit))
    }

    private func openTasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask] {
        if let listing = broker as? any WaitingListing { return try await listing.waitingTasks(filter, limit: limit) }
        guard filter.selects(any: [.started]), let listing = broker as? any WorkerListing else { return [] }
        return try await listing.workers().flatMap { worker in worker.running.map { ListedTask($0, on: worker) } }
            .filter { $0.isNamed(filter.task) && filter.text == nil && filter.selects($0) }
    }
}

extension ListedTask {
    /// A task that a worker says it runs.
    fileprivate init(_ task: WorkerReport.RunningTask, on worker: WorkerReport) {
        self.init(id: task.id, phase: .started, changed: task.started, position: 0)
        self.task = task.task
        // A worker does not say from which of several queues it took a task.
        if worker.queues.count == 1 { queue = worker.queues[0] }
        var location = MessageLocation(task: task.task, queue: queue ?? "", state: .started, attempt: task.attempt, retries: 0)
        (location.worker, location.started) = (worker.name, task.started)
        self.location = location
    }

    /// Whether its name matches a shell pattern; `nil` matches every task.
    fileprivate func isNamed(_ pattern: String?) -> Bool { pattern.map { Glob.matches(task ?? "", $0) } ?? true }
}
