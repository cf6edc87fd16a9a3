package import CeleryCore
import Redis
import Wire

/// Lists what waits in the lists and for its time. What workers hold, they tell themselves when they are asked.
extension RedisBroker: WaitingListing {
    /// Messages read in one step, and of one queue at most.
    private static let piece = 100
    private static let mostOfQueue = 20_000

    package func waitingTasks(_ filter: TaskFilter, limit: Int) async throws -> [ListedTask] {
        guard limit > 0 else { return [] }
        let now = self.now()
        var names = try await queues().map(\.name)
        if let queue = filter.queue { names = names.filter { $0 == queue } }
        var tasks: [ListedTask] = []
        for queue in names {
            for list in layout.lists(queue) { tasks += try await waiting(in: queue, list, filter, limit, now) }
            tasks += try await parked(in: queue, filter, limit, now)
        }
        return Array(tasks.sorted { ($0.changed, $0.id.text) > ($1.changed, $1.id.text) }.prefix(limit))
    }

    /// The newest first: they are at the left.
    private func waiting(in queue: String, _ list: String, _ filter: TaskFilter, _ limit: Int, _ now: Timestamp) async throws -> [ListedTask] {
        var tasks: [ListedTask] = []
        for start in stride(from: 0, to: Self.mostOfQueue, by: Self.piece) {
            let reply = try await link.ask(RedisCommand("LRANGE", .text(list), .number(start), .number(start + Self.piece - 1)))
            let texts = (reply.elements ?? []).compactMap(\.bytesValue)
            for text in texts where tasks.count < limit {
                if let envelope = try? RedisEnvelope(text), let task = task(of: envelope, in: queue, due: nil, filter, now) { tasks.append(task) }
            }
            if texts.count < Self.piece || tasks.count >= limit { break }
        }
        return tasks
    }

    private func parked(in queue: String, _ filter: TaskFilter, _ limit: Int, _ now: Timestamp) async throws -> [ListedTask] {
        var tasks: [ListedTask] = []
        for start in stride(from: 0, to: Self.mostOfQueue, by: Self.piece) {
            let members = try await link.ask(
                RedisCommand("ZRANGE", .text(layout.due(queue)), .number(start), .number(start + Self.piece - 1), "WITHSCORES")).elements ?? []
            let entries = stride(from: 0, to: members.count - 1, by: 2).compactMap { at in
                members[at].textValue.flatMap { member in RedisTime.read(members[at + 1]).map { (tag: RedisConsumer.tag(ofDue: member), due: $0) } }
            }
            guard !entries.isEmpty else { break }
            let texts = try await link.ask(RedisCommand(["HMGET", .text(layout.unacked)] + entries.map { .text($0.tag) })).elements ?? []
            for (entry, text) in zip(entries, texts) where tasks.count < limit {
                guard let text = text.bytesValue, case .array(let parts)? = try? JSON(parsing: text), let object = parts.first,
                    let envelope = try? RedisEnvelope(object.bytes()), let task = task(of: envelope, in: queue, due: entry.due, filter, now)
                else { continue }
                tasks.append(task)
            }
            if entries.count < Self.piece || tasks.count >= limit { break }
        }
        return tasks
    }

    /// - Returns: `nil` for what is no task, or is not selected.
    private func task(of envelope: RedisEnvelope, in queue: String, due: Timestamp?, _ filter: TaskFilter, _ now: Timestamp) -> ListedTask? {
        guard var message = try? TaskMessageDecoder().decode(envelope.wire, queue: queue) else { return nil }
        message.route.queue = queue
        let attempts = AttemptHeader.read(&message, returns: 0).attempt - 1
        if let pattern = filter.task, !Glob.matches(message.task, pattern) { return nil }
        let eta = due ?? message.eta
        let waits = eta.map { $0 > now } ?? false
        let phase: TaskPhase = message.retries > 0 ? .retry : waits ? .scheduled : .queued
        // Our clients make ids that tell the time.
        let submitted = message.id.created.flatMap { $0 <= now ? $0 : nil }
        var task = ListedTask(id: message.id, phase: phase, changed: submitted ?? now, position: 0)
        (task.task, task.queue, task.submitted, task.request) = (message.task, queue, submitted, message)
        var location = MessageLocation(
            task: message.task, queue: queue, state: message.retries > 0 ? .retry : .pending, attempt: attempts, retries: message.retries)
        (location.eta, location.submitted) = (waits ? eta : nil, submitted)
        task.location = location
        guard filter.selects(task), filter.text.map({ says($0, message) }) ?? true else { return nil }
        return task
    }

    /// Whether a text stands in the arguments.
    private func says(_ text: String, _ message: Message) -> Bool {
        guard let arguments = try? BodyCodec.decode(message.body) else { return false }
        return JSON.array(arguments.args).text(style: .compact).contains(text: text)
            || JSON.object(arguments.kwargs).text(style: .compact).contains(text: text)
            // As a list shows it.
            || arguments.kwargs.members.contains { "\($0.key)=\($0.value.displayText)".contains(text: text) }
    }
}
