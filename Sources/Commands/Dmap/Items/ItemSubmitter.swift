import CeleryCore
import Client
import Tasks

/// Sends items as members of a numbered set; after an interruption, joins those that are queued, running or finished already.
actor ItemSubmitter {
    private let client: Client
    private let follower: MemberFollower?
    private let task: String
    private let taskOptions: TaskOptions?
    private let options: SendOptions
    /// The sets of the job log, oldest first; the last one is for what is sent from now on.
    private var sets: [SetNumbering]
    /// Whether earlier runs may have sent any of the items.
    private let isResumed: Bool
    private let sentMark: SentMark?
    /// Names a new set in the job log.
    private let begin: @Sendable (SetNumbering) async throws -> Void

    /// - Parameters:
    ///   - follower: Told of the tasks before they are sent; `nil` if nobody waits for them.
    ///   - sets: Not empty.
    init(
        _ plan: DmapPlan, follower: MemberFollower?, sets: [SetNumbering], isResumed: Bool, sentMark: SentMark?,
        begin: @escaping @Sendable (SetNumbering) async throws -> Void
    ) {
        client = plan.client
        task = plan.task
        taskOptions = plan.taskOptions
        options = plan.options
        self.follower = follower
        self.sets = sets
        self.isResumed = isResumed
        self.sentMark = sentMark
        self.begin = begin
    }

    /// The set of the items that are sent from now on.
    var set: SetNumbering { sets[sets.count - 1] }

    /// Sends items; returns when the broker has confirmed them.
    ///
    /// - Returns: Results of items that had finished before.
    /// - Throws: `DriverError`, as `Client.publish`.
    func submit(_ items: [DmapItem]) async throws -> [TaskResult] {
        var fresh = items
        var known = Known()
        if isResumed {
            known = try await look(for: items)
            fresh = items.filter { !known.numbers.contains($0.number) }
            if fresh.contains(where: { $0.failedSet == sets.count - 1 }) { try await beginSet() }
            await follower?.expect(known.waiting)
            await follower?.confirm(known.waiting)
        }
        guard !fresh.isEmpty else { return known.results }
        try await keepSet(total: nil)
        let messages = fresh.map(message)
        let ids = messages.map(\.id)
        await follower?.expect(ids)
        do {
            try await client.publish(messages)
        } catch {
            await follower?.drop(ids)
            throw error
        }
        await follower?.confirm(ids)
        try sentMark?.note(set, through: fresh[fresh.count - 1].number)
        return known.results
    }

    /// Whether the store has the present set, or cannot have it.
    private var hasKept = false

    /// Keeps the set for `celery taskset`, where the result store can: before its first task is sent, and with its total at the end.
    func keepSet(total: Int?) async throws {
        if total == nil, hasKept { return }
        hasKept = true
        do {
            try await client.keep(TaskSetRecord(id: set.id, total: total, created: .now))
        } catch let error as DriverError where error.code == .refused || error.code == .unsupported {
            // Too large for this store: the map itself needs no set.
        }
    }

    /// Forgets the sets, whose results have been printed and deleted. One that cannot be forgotten expires.
    func forgetSets() async {
        for set in sets { try? await client.forgetTaskSet(set.id) }
    }

    /// Begins a set, for tasks whose ids cannot be used again.
    func beginSet() async throws {
        let set = SetNumbering()
        try await begin(set)
        sets.append(set)
        hasKept = false
    }

    private func message(for item: DmapItem) -> Message {
        var options = options
        options.id = set.member(item.number)
        options.groupID = set.id
        options.groupIndex = item.number - 1
        return client.factory.message(
            task, args: item.arguments.args, kwargs: item.arguments.kwargs, options: options, task: taskOptions)
    }

    /// What broker and store know of items.
    private struct Known {
        /// Items that need not be sent.
        var numbers: Set<Int> = []
        var results: [TaskResult] = []
        var waiting: [TaskID] = []
    }

    /// Looks for items in the sets in which earlier runs may have sent them, the latest first.
    private func look(for items: [DmapItem]) async throws -> Known {
        var known = Known()
        for place in sets.indices.reversed() {
            let candidates = items.filter { !known.numbers.contains($0.number) && place > $0.failedSet ?? -1 }
            let isLatest = place == sets.count - 1
            for (item, status) in zip(candidates, try await client.status(of: candidates.map { sets[place].member($0.number) })) {
                switch status.state {
                case .unknown: continue
                case .pending where status.location == nil:
                    // This broker does not tell what waits.
                    guard isLatest, sentMark?.covers(set, item.number) ?? false else { continue }
                    known.waiting.append(status.id)
                case .revoked where !isLatest: continue
                default:
                    if let result = status.result, result.state.isReady {
                        known.results.append(result)
                    } else {
                        known.waiting.append(status.id)
                    }
                }
                known.numbers.insert(item.number)
            }
        }
        return known
    }
}
