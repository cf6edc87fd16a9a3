import CeleryCore
import Client
import Wire

/// Collects what broker, result store and workers know about tasks.
struct FactFinder {
    let client: Client
    /// Reports sources that could not be queried. The remaining facts are still useful.
    let warn: @Sendable (String) -> Void

    /// How long to wait for replies of workers.
    private static let patience = Duration.seconds(1)
    /// The number of parents and children whose states are looked up.
    private static let relativesLimit = 100

    /// The facts about each task, in the order of the ids.
    ///
    /// - Throws: `DriverError` if the broker or the result store cannot be queried at all.
    func facts(of ids: [TaskID]) async throws -> [TaskFacts] {
        let broker = client.broker
        let (statuses, search) = try await statuses(of: ids)
        // Workers and commands do not matter once every task has ended.
        let isOpen = statuses.contains { !($0.result?.state.isReady ?? false) }
        async let workers = isOpen ? workers(of: broker) : nil
        async let holds = isOpen ? holds(statuses) : Holds()
        async let counts = look("count queues") { try await (broker as? any QueueCounting)?.queues() }
        async let commands = isOpen ? look("read commands to workers") { try await (broker as? any CommandShowing)?.standingCommands() } : nil
        let letters = await letters(of: ids)
        let events = await events(of: ids)
        let byTask = Dictionary(grouping: events.map(\.event)) { $0.taskID ?? TaskID("") }

        let shared = await (workers: workers, holds: holds, counts: counts, commands: commands)
        var all: [TaskFacts] = []
        for status in statuses {
            var facts = TaskFacts(status.id, now: .now)
            facts.result = status.result
            let found = search?.found[status.id]
            facts.location = status.location ?? found?.location
            facts.redaction = client.settings.redaction
            facts.brokerTells = broker is any MessageLocating || search.map { $0.limit == nil } ?? false
            facts.searchLimit = search?.limit
            facts.workers = shared.workers
            facts.counts = shared.counts ?? []
            facts.pauses = shared.commands?.pauses ?? [:]
            facts.revocations = shared.commands?.revocations ?? []
            facts.hold = shared.holds.found[status.id]
            let limit = facts.hold?.limit?.shown(facts.redaction, nil)
            facts.hold?.limit = limit
            facts.isSilent = status.location?.worker.map { shared.holds.silent.contains($0) } ?? (facts.hold == nil && found?.isHolderAlive == true)
            facts.letter = letters.last { $0.taskID == status.id }
            facts.events = byTask[status.id] ?? []
            if let found {
                (facts.standing, facts.waitsSince) = (found.standing, found.waitsSince)
            } else if status.location != nil {
                facts.standing = await look("read the message") { try await (broker as? any MessageShowing)?.standing(of: status.id) }
                facts.limit = await look("read limits") { try await (broker as? any LimitReporting)?.limitWait(of: status.id) }
                let arguments = facts.standing?.message.flatMap { try? BodyCodec.decode($0.body) }
                facts.limit = facts.limit?.shown(facts.redaction, arguments)
            }
            let earlier = facts.standing?.message.map(Prerequisites.of) ?? []
            let relatives = (earlier + (facts.parent.map { [$0] } ?? []) + facts.children).prefix(Self.relativesLimit)
            if !relatives.isEmpty {
                let known = await look("look up relatives") { try await client.status(of: Array(relatives)) } ?? []
                // Brokers that cannot locate messages report unknown ids as PENDING.
                for one in known where one.result != nil || one.location != nil { facts.states[one.id] = one.state }
            }
            all.append(facts)
        }
        return all
    }

    private func workers(of broker: any Broker) async -> [WorkerReport]? {
        await look("list workers") { try await (broker as? any WorkerListing)?.workers() }
    }

    private func letters(of ids: [TaskID]) async -> [DeadLetter] {
        var filter = DeadLetterFilter()
        filter.keys = Set(ids.map(\.text))
        return await look("search the dead letters") { [filter] in
            try await (client.broker as? any DeadLetterKeeping)?.deadLetters(filter, limit: 10 * ids.count, withContent: false)
        } ?? []
    }

    /// The tasks that workers report to have.
    private struct Holds: Sendable {
        var found: [TaskID: TaskFacts.Hold] = [:]
        /// Workers that did not answer.
        var silent: [String] = []
    }

    /// Asks workers for the tasks. If the broker locates messages, asks only the workers that have one of them.
    private func holds(_ statuses: [TaskStatus]) async -> Holds {
        let broker = client.broker
        var choice = WorkerChoice.all
        if broker is any MessageLocating {
            choice.names = statuses.compactMap { $0.location?.worker }.distinct
            if choice.names?.isEmpty ?? true { return Holds() }
        }
        let request = ControlRequest(method: "query_task", arguments: ["ids": .array(statuses.map { .string($0.id.text) })])
        let answers = await look("ask workers") { [choice] in
            try await (broker as? any WorkerAsking)?.ask([request], of: choice, within: Self.patience)
        }
        guard let answers, let replies = answers.answers.first else { return Holds() }
        var found: [TaskID: TaskFacts.Hold] = [:]
        for reply in replies {
            for (id, value) in reply.value.objectValue?.members ?? [] {
                if let hold = TaskFacts.Hold(value, of: reply.worker) { found[TaskID(id)] = hold }
            }
        }
        return Holds(found: found, silent: answers.silent)
    }

    /// The result of a query; `nil` with a warning if it fails.
    func look<Value: Sendable>(_ what: String, _ body: @Sendable () async throws -> Value?) async -> Value? {
        do {
            return try await body()
        } catch {
            warn("cannot \(what): \((error as? DriverError)?.message ?? "\(error)")")
            return nil
        }
    }
}

extension TaskFacts.Hold {
    /// Reads a worker's reply to `query_task`: `["active", {...}]`. The reply is untrusted.
    init?(_ answer: JSON, of worker: String) {
        guard let words = answer.arrayValue, let place = words.first?.stringValue else { return nil }
        let request = words.dropFirst().first
        self.init(worker: worker, place: place)
        task = request?["name"]?.stringValue
        queue = request?["delivery_info"]?["routing_key"]?.stringValue
        if place == "active", let seconds = request?["time_start"]?.doubleValue, seconds.isFinite { began = Timestamp(seconds: seconds) }
        limit = request?["celery_limit"].flatMap(LimitWait.init)
    }
}
