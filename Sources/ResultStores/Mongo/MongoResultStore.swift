// Results in a MongoDB database, where Python's Celery keeps them (`mongodb://`), so that both programs read each other's results.
// Documents are those of `backends/mongodb.py` of Celery 5.7.

package import CeleryCore
package import Mongo
import Synchronization
import Wire

/// Stores results in a MongoDB database.
///
/// It does not count the members of chords: as for Python, a task waits for them (`ChordUnlocking`).
package final class MongoResultStore: RevocationAnnouncing {
    package let location: String
    let link: MongoLink
    var tasks: String { link.options.taskCollection }
    var groups: String { link.options.groupCollection }
    /// Seconds a result is kept; `nil` for ever.
    let expires: Double?
    let now: @Sendable () -> Timestamp
    /// Whether the indexes for cleaning up were asked for.
    let hasIndexes = Mutex(false)
    private let pace = PollPace()

    /// Does not connect yet.
    ///
    /// - Parameter expires: Seconds a result is kept; `nil` for ever.
    package init(_ options: MongoOptions, expires: Double?, now: @escaping @Sendable () -> Timestamp = { .now }) {
        link = MongoLink(options)
        location = options.location
        self.expires = expires
        self.now = now
    }

    /// Results per command, and bytes after which no more are added to it: the server takes 100,000 and 48 MB.
    private static let batch = (results: 500, bytes: 4 << 20)
    /// What a document has in bytes besides the texts that are counted; the server counts all.
    private static let overhead = 1_024

    package func store(_ results: [TaskResult]) async throws {
        let time = now()
        // Nothing is sent unless all can be.
        let writes = try results.map { try Write($0, now: time, at: location) }
        var batch: [Write] = []
        var held: Set<TaskID> = []
        var size = 0
        for write in writes {
            // Of two results of one task the second finds the first.
            if held.contains(write.id) || batch.count >= Self.batch.results || (size > 0 && size + write.size > Self.batch.bytes) {
                try await store(batch)
                (batch, held, size) = ([], [], 0)
            }
            batch.append(write)
            held.insert(write.id)
            size += write.size
        }
        try await store(batch)
        if !results.isEmpty { pace.changed() }
    }

    /// Puts results of different tasks where there is none, or one that may be replaced: where another stays, the server would insert a
    /// second document of the same id, and refuses.
    private func store(_ batch: [Write]) async throws {
        guard !batch.isEmpty else { return }
        let refused = try await put(batch)
        // The other may have been inserted in the same moment, and be one that may be replaced.
        _ = try await put(refused)
    }

    /// - Returns: Those in whose place there is another document.
    private func put(_ batch: [Write]) async throws -> [Write] {
        guard !batch.isEmpty else { return [] }
        let updates = batch.map { write -> BSONValue in
            ["q": .document(MongoDocument.replaceable(write.id, byAttempt: write.attempt)), "u": .document(write.document), "upsert": true]
        }
        let answer = try await link.write(["update": .string(tasks), "updates": .array(updates), "ordered": false])
        var refused: [Write] = []
        for failure in (answer["writeErrors"]?.array ?? []).compactMap(\.document) {
            guard let index = failure["index"]?.integer, batch.indices.contains(index) else { continue }
            guard failure["code"]?.integer == MongoError.duplicate else {
                var error = DriverError(MongoError(answer: failure, to: "update"), at: location)
                error.subject = batch[index].id
                throw error
            }
            refused.append(batch[index])
        }
        return refused
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let ids = ids.distinct
        let oldest = expires.map { now().seconds - $0 }
        var found: [TaskID: TaskResult] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.batch.results) {
            let part = ids[start..<min(start + Self.batch.results, ids.count)]
            for document in try await link.find(in: tasks, ["_id": ["$in": .array(part.map { .string($0.text) })]]) {
                guard let id = document["_id"]?.string.map({ TaskID($0) }) else { continue }
                if let oldest, let done = MongoDocument.time(document["date_done"]), done.seconds <= oldest { continue }
                found[id] = try read(document, of: id)
            }
        }
        return found
    }

    private func read(_ document: BSONDocument, of id: TaskID) throws -> TaskResult {
        do {
            return try MongoDocument.result(document, of: id)
        } catch {
            throw DriverError(
                .unusable, "the result of \(id) in \(location) cannot be read: \(error)",
                hint: "let Python's programs write json: result_serializer")
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let ids = ids.distinct
        var count = 0
        for start in stride(from: 0, to: ids.count, by: Self.batch.results) {
            let part = ids[start..<min(start + Self.batch.results, ids.count)]
            count += try await link.delete(from: tasks, ["_id": ["$in": .array(part.map { .string($0.text) })]])
        }
        return count
    }

    package func close() async {
        pace.close()
        await link.close()
    }

    /// One result on its way to the server.
    private struct Write: Sendable {
        let id: TaskID
        let attempt: Int
        let document: BSONDocument
        /// About how many bytes the document has.
        let size: Int

        /// - Throws: `DriverError.refused`.
        init(_ result: TaskResult, now: Timestamp, at location: String) throws {
            id = result.id
            attempt = result.attempt
            guard !id.text.isEmpty else { throw DriverError(.refused, "the id of a task is empty") }
            document = MongoDocument.document(of: result, now: now)
            size = MongoResultStore.overhead + document.members.reduce(0) { $0 + ($1.value.string?.utf8.count ?? 0) } + 64 * result.children.count
            guard size <= BSONEncoder.documentLimit else {
                throw DriverError(
                    .refused, "the result of \(id) has \(size) bytes; MongoDB takes documents of at most \(BSONEncoder.documentLimit)",
                    hint: "let the task return the name of a file", subject: id)
            }
        }
    }
}

extension MongoResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: pace.count) }

    /// Only sets tell of changes, and not every user may ask them: the wait ends when it is time to look.
    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        await pace.wait(since: mark.number, until: deadline)
        try Task.checkCancellation()
    }
}

extension MongoResultStore: ResultExpiring {
    /// Also drops saved groups, as Python's `cleanup` does.
    package func dropExpired(now: Timestamp, limit: Int) async throws -> Int {
        guard let expires, limit > 0 else { return 0 }
        await prepareIndexes()
        let over: BSONValue = ["$lte": .date(MongoDocument.milliseconds(Timestamp(seconds: now.seconds - expires)))]
        var count = 0
        for collection in [tasks, groups] where count < limit {
            let found = try await link.find(
                in: collection, ["date_done": over], sort: ["date_done": 1], fields: ["_id": 1], limit: limit - count)
            let ids = found.compactMap { $0["_id"] }
            if ids.isEmpty { continue }
            count += try await link.delete(from: collection, ["_id": ["$in": .array(ids)], "date_done": over])
        }
        return count
    }

    /// Makes the indexes that Python makes, by its names. Without the right to do so cleaning up takes longer.
    private func prepareIndexes() async {
        guard !hasIndexes.withLock({ hasIndexes in
            defer { hasIndexes = true }
            return hasIndexes
        }) else { return }
        for collection in [tasks, groups] {
            _ = try? await link.write(["createIndexes": .string(collection), "indexes": [["key": ["date_done": 1], "name": "date_done_1"]]])
        }
    }
}

extension MongoResultStore: TaskIDListing {
    package func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID] {
        guard !prefix.isEmpty else {
            return try await link.find(in: tasks, [:], sort: ["date_done": -1], fields: ["_id": 1], limit: limit).compactMap { $0["_id"]?.string }.map { TaskID($0) }
        }
        let range: BSONValue = ["$gte": .string(prefix), "$lt": .string(prefix + "\u{10FFFF}")]
        return try await link.find(in: tasks, ["_id": range], sort: ["_id": -1], fields: ["_id": 1], limit: limit).compactMap { $0["_id"]?.string }.map { TaskID($0) }
    }
}
