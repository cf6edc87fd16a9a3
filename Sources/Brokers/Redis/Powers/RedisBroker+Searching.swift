package import CeleryCore
import Redis
import Wire

/// Finds messages by reading all of them, piece by piece: lists have no index, and a script may not keep the server from others.
///
/// Lists are read before what is held, so that a message that is taken meanwhile is found there; what is put back meanwhile is at the
/// right end of its list, which is read once more at last.
extension RedisBroker: MessageSearching {
    /// Messages in one step, steps in one go, and messages of a list at most.
    private static let searching = (piece: 200, pieces: 10, most: 200_000)

    package func search(for ids: [TaskID]) async throws -> MessageSearch {
        var search = RedisSearch(ids)
        let names = try await queues().map(\.name)
        for queue in names {
            var ahead = 0
            for list in layout.lists(queue) where !search.isComplete { ahead += try await look(in: list, of: queue, ahead, &search) }
        }
        if !search.isComplete { try await lookAtHeld(&search) }
        if !search.isComplete {
            for queue in names {
                for list in layout.lists(queue) where !search.isComplete {
                    _ = try await piece(of: list, of: queue, from: -Self.searching.piece, 0, &search)
                }
            }
        }
        return MessageSearch(found: search.found, limit: search.isComplete || !search.wasCutShort ? nil : Self.searching.most)
    }

    /// Searches a list.
    ///
    /// - Parameter ahead: How many messages of the queue are served before those of the list.
    /// - Returns: The length of the list.
    private func look(in list: String, of queue: String, _ ahead: Int, _ search: inout RedisSearch) async throws -> Int {
        var (start, length) = (0, 0)
        while !search.isComplete {
            let (count, all) = try await piece(of: list, of: queue, from: start, ahead, &search)
            length = all
            guard count == Self.searching.piece * Self.searching.pieces else { break }
            start += count
            if start >= Self.searching.most {
                search.wasCutShort = true
                break
            }
        }
        return length
    }

    /// - Parameter start: Index of the first element, as LRANGE takes it: a negative index counts from the right end.
    /// - Returns: How many were read, and the length of the list.
    private func piece(
        of list: String, of queue: String, from start: Int, _ ahead: Int, _ search: inout RedisSearch
    ) async throws -> (count: Int, length: Int) {
        let starts = start < 0 ? [start] : (0..<Self.searching.pieces).map { start + $0 * Self.searching.piece }
        let replies = try await link.ask(
            starts.map { RedisCommand(RedisBrokerScripts.searchList, keys: [list], [.number($0), .number(Self.searching.piece)] + search.words) })
        var (count, length) = (0, 0)
        for reply in replies {
            let parts = reply.elements ?? []
            length = parts.first?.intValue ?? 0
            count += parts.dropFirst().first?.intValue ?? 0
            for at in stride(from: 2, to: parts.count - 1, by: 2) {
                guard let place = parts[at].intValue, let text = parts[at + 1].bytesValue, let envelope = try? RedisEnvelope(text) else { continue }
                guard var found = try await message(of: envelope, in: queue, isHeld: false) else { continue }
                found.standing.ahead = ahead + max(0, length - 1 - place)
                search.add(found)
            }
        }
        return (count, length)
    }

    /// Searches what workers hold and what waits for its time.
    private func lookAtHeld(_ search: inout RedisSearch) async throws {
        var cursor = "0"
        repeat {
            let parts = try await link.ask(
                RedisCommand(
                    RedisBrokerScripts.searchHeld, keys: [layout.unacked, layout.unackedIndex],
                    [.text(cursor), .number(Self.searching.piece)] + search.words)).elements ?? []
            cursor = parts.first?.textValue ?? "0"
            for at in stride(from: 1, to: parts.count - 2, by: 3) {
                guard let tag = parts[at].textValue, let held = parts[at + 2].bytesValue, case .array(let fields)? = try? JSON(parsing: held),
                    let object = fields.first, let envelope = try? RedisEnvelope(object.bytes())
                else { continue }
                let queue = fields.last?.stringValue ?? envelope.wire.routingKey
                if let found = try await located(envelope, tag: tag, score: RedisTime.read(parts[at + 1]), in: queue) { search.add(found) }
            }
        } while cursor != "0" && !search.isComplete
    }

    /// A message that is held: by whom, or until when it waits for its time.
    private func located(_ envelope: RedisEnvelope, tag: String, score: Timestamp?, in queue: String) async throws -> FoundMessage? {
        if let score {
            let time = RedisTime.text(score)
            let due = try await link.ask(RedisCommand("ZRANGEBYSCORE", .text(layout.due(queue)), .text(time), .text(time))).elements ?? []
            if due.contains(where: { $0.textValue.map(RedisConsumer.tag(ofDue:)) == tag }) {
                var found = try await message(of: envelope, in: queue, isHeld: false)
                found?.location.eta = score
                return found
            }
        }
        guard var found = try await message(of: envelope, in: queue, isHeld: true) else { return nil }
        let replies = try await link.ask([
            RedisCommand("ZRANGE", .text(layout.leases), "0", "-1", "WITHSCORES"), RedisCommand("HGETALL", .text(layout.workers)),
        ])
        let leases = replies[0].elements ?? []
        let workers = stride(from: 0, to: leases.count - 1, by: 2).compactMap { at in
            leases[at].textValue.map { (id: $0, lease: RedisTime.read(leases[at + 1]) ?? Timestamp(seconds: 0)) }
        }
        let records = try await link.ask(workers.map { RedisCommand("HGET", .text(layout.held(by: $0.id)), .text(tag)) })
        for (worker, record) in zip(workers, records) {
            // `number score length list`: without this score the message was taken by somebody else since.
            guard let words = record.textValue?.split(separator: " ", maxSplits: 3), words.count > 1, Double(words[1]) == score?.seconds else { continue }
            found.location.worker = replies[1][worker.id]?.bytesValue.flatMap(RedisWorkerRecord.init)?.name ?? worker.id
            found.isHolderAlive = worker.lease > now()
        }
        return found
    }

    /// - Returns: `nil` for what is no task.
    private func message(of envelope: RedisEnvelope, in queue: String, isHeld: Bool) async throws -> FoundMessage? {
        guard var message = try? TaskMessageDecoder().decode(envelope.wire, queue: queue) else { return nil }
        message.route.queue = queue
        let returned = envelope.isRedelivered ? try await link.ask(RedisCommand("GET", .text(layout.again + envelope.tag))).intValue ?? 0 : 0
        // Taking a message that came back counts its return.
        let reading = AttemptHeader.read(&message, returns: envelope.isRedelivered && !isHeld ? returned + 1 : returned)
        let waitsSince = WaitHeader.read(&message)
        let attempts = isHeld ? reading.attempt : reading.attempt - 1
        var location = MessageLocation(
            task: message.task, queue: queue, state: isHeld ? .started : message.retries > 0 ? .retry : .pending, attempt: attempts,
            retries: message.retries)
        location.eta = message.eta.flatMap { $0 > now() ? $0 : nil }
        location.submitted = message.id.created.flatMap { $0 <= now() ? $0 : nil }
        var found = FoundMessage(location, MessageStanding(message: message, ahead: nil, attempts: attempts, crashes: reading.crashes))
        found.waitsSince = waitsSince
        return found
    }
}

extension RedisBroker: EventSearching {
    /// Entries in one step.
    private static let entries = 2_000

    package func searchEvents(of ids: [TaskID]) async throws -> [RecordedEvent] {
        let wanted = Set(ids)
        // A task has no events from before it was made; clocks may differ by some minutes.
        let created = ids.map { $0.created?.seconds ?? 0 }.min() ?? 0
        var start = "\(max(0, Int((created - 300) * 1_000)))"
        var events: [RecordedEvent] = []
        while true {
            let words = [RedisCommand.Word.text(start), .number(Self.entries)] + ids.map { RedisCommand.Word.text(RedisSearch.spelled($0)) }
            let parts = try await link.ask(RedisCommand(RedisBrokerScripts.searchEvents, keys: [layout.events], words)).elements ?? []
            for at in stride(from: 1, to: parts.count - 1, by: 2) {
                guard let body = parts[at + 1].bytesValue, let event = EventMessage.event(from: body), event.taskID.map(wanted.contains) ?? false
                else { continue }
                events.append(RecordedEvent(event, cursor: parts[at].textValue))
            }
            guard let last = parts.first?.textValue, !last.isEmpty else { return events }
            start = "(" + last
        }
    }
}

/// A search under way.
private struct RedisSearch {
    private let ids: [TaskID]
    private(set) var found: [TaskID: FoundMessage] = [:]
    /// Whether some list was not read to its end.
    var wasCutShort = false
    /// The ids as scripts take them.
    let words: [RedisCommand.Word]

    init(_ ids: [TaskID]) {
        self.ids = ids.distinct
        words = self.ids.flatMap { [.text(Self.spelled($0)), .text($0.text)] }
    }

    var isComplete: Bool { found.count == ids.count }

    /// A message of an id that was found before is a copy, or came there meanwhile; the first stays.
    mutating func add(_ message: FoundMessage) {
        guard let id = message.standing.message?.id, found[id] == nil, ids.contains(id) else { return }
        found[id] = message
    }

    /// The text of an id within JSON.
    static func spelled(_ id: TaskID) -> String { String(JSON.string(id.text).text(style: .python).dropFirst().dropLast()) }
}
