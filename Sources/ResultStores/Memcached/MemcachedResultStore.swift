// Results in Memcached servers, where Python's Celery keeps them (`cache+memcached://`), so that both programs read each other's
// results. Keys and values are those of `backends/cache.py` of Celery 5.7. A server forgets what expires, what it has no room for,
// and everything when it is restarted.

package import CeleryCore
package import Memcached
import Wire

/// Stores results in Memcached servers.
package final class MemcachedResultStore: RevocationAnnouncing {
    package let location: String
    let link: MemcachedLink
    let keys: MemcachedKeys
    private let terms: Terms
    private let pace = PollPace()

    /// How values are kept.
    package struct Terms: Sendable {
        /// Seconds a result is kept; `nil` for ever.
        package var expires: Double?
        /// Seconds the records of a chord are kept; `nil` for as long as results, infinity for ever.
        package var chordExpires: Double?
        /// Before every key: Python's `global_keyprefix`.
        package var keyPrefix: String

        package init(expires: Double?, chordExpires: Double? = nil, keyPrefix: String = "") {
            self.expires = expires
            self.chordExpires = chordExpires
            self.keyPrefix = keyPrefix
        }
    }

    /// Does not connect yet.
    ///
    /// - Throws: `DriverError.configuration`.
    package init(_ options: MemcachedOptions, _ terms: Terms) throws {
        link = MemcachedLink(options)
        location = options.location
        keys = try MemcachedKeys(prefix: terms.keyPrefix)
        self.terms = terms
    }

    /// When results go, as the protocol counts it.
    var expiry: Int { MemcachedCommand.expiry(terms.expires, now: Timestamp.now.seconds) }

    /// The same of the records of a chord.
    var chordExpiry: Int { MemcachedCommand.expiry(terms.chordExpires ?? terms.expires, now: Timestamp.now.seconds) }

    /// The same of what a chord joins and users read: for the longer of the two times, as Python keeps it.
    var memberExpiry: Int {
        guard let expires = terms.expires else { return 0 }
        return MemcachedCommand.expiry(max(expires, terms.chordExpires ?? expires), now: Timestamp.now.seconds)
    }

    /// Results per exchange with the servers, and bytes after which no more are added to it.
    private static let batch = (results: 500, bytes: 4 << 20)

    package func store(_ results: [TaskResult]) async throws {
        // Nothing is sent unless all can be.
        let writes = try results.map { Write($0, key: try keys.task($0.id)) }
        var batch: [Write] = []
        var held: Set<String> = []
        var size = 0
        for write in writes {
            // Of two results of one task the second finds the first.
            if held.contains(write.key) || batch.count >= Self.batch.results || size >= Self.batch.bytes {
                try await store(batch)
                (batch, held, size) = ([], [], 0)
            }
            batch.append(write)
            held.insert(write.key)
            size += write.value.count
        }
        try await store(batch)
        if !results.isEmpty { pace.changed() }
    }

    /// Stores results of different tasks: where there is nothing, or what was looked at before is still there.
    private func store(_ batch: [Write]) async throws {
        var open = batch
        var refusal: DriverError?
        while !open.isEmpty {
            let there = try await link.values(of: open.map(\.key))
            // Who writes what cannot be read here cannot read our results either; it is as if there were none.
            open = open.filter { write in
                there[write.key].flatMap { try? Self.result(in: $0) }.map { ResultValue.mayReplace($0, byAttempt: write.attempt) } ?? true
            }
            let commands = open.map { write -> MemcachedCommand in
                let expires = write.isMember ? memberExpiry : expiry
                return there[write.key].map { .replace(write.key, write.value, expires: expires, version: $0.version) }
                    ?? .add(write.key, write.value, expires: expires)
            }
            let replies = try await link.send(commands)
            var changed: [Write] = []
            for (number, write) in open.enumerated() {
                switch replies[number] {
                case .word("STORED"): break
                // Another has changed it meanwhile.
                case .word("NOT_STORED"), .word("EXISTS"), .word("NOT_FOUND"): changed.append(write)
                default: refusal = refusal ?? self.refusal(of: write, commands[number], replies[number])
                }
            }
            open = changed
        }
        if let refusal { throw refusal }
    }

    private func refusal(of write: Write, _ command: MemcachedCommand, _ reply: MemcachedReply) -> DriverError {
        guard case .error(let text) = reply else { return DriverError(.unusable, "\(location) gives no sense storing a result") }
        let error = MemcachedError(reply: text, to: command.name)
        guard error.code == .tooLarge else { return DriverError(error, at: location) }
        return DriverError(
            .refused, "the result of \(write.id) has \(write.value.count) bytes, more than \(location) keeps as one value",
            hint: DriverError.largerItems, subject: write.id)
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let ids = ids.distinct
        var found: [TaskID: TaskResult] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.batch.results) {
            let part = ids[start..<min(start + Self.batch.results, ids.count)]
            let keys = try part.map { try self.keys.task($0) }
            let values = try await link.values(of: keys)
            for (id, key) in zip(part, keys) {
                guard let value = values[key] else { continue }
                found[id] = try read(value, of: id)
            }
        }
        return found
    }

    private func read(_ value: MemcachedValue, of id: TaskID) throws -> TaskResult {
        do {
            var result = try Self.result(in: value)
            result.id = id
            return result
        } catch {
            throw DriverError(
                .unusable, "the result of \(id) in \(location) cannot be read: \(error)",
                hint: "let Python's programs write json: result_serializer")
        }
    }

    /// - Throws: `JSONError` or `MalformedMessage`.
    private static func result(in value: MemcachedValue) throws -> TaskResult { try ResultValue.read(plain(value)) }

    /// The bytes that a client of Python has stored, whichever it is.
    static func plain(_ value: MemcachedValue) throws(MalformedMessage) -> [UInt8] {
        switch value.coding {
        case .plain: value.bytes
        case .compressed: try CompressedResult.document(zlib: value.bytes)
        case .foreign: throw MalformedMessage(.notAResult, "its flags are \(value.flags), so it is a pickle or of another program")
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let commands = try ids.distinct.map { MemcachedCommand.delete(try keys.task($0)) }
        // Sent again it would not count what the first has deleted.
        return try await count(commands, answered: "DELETED")
    }

    /// Sends commands, and counts those that had an effect.
    func count(_ commands: [MemcachedCommand], answered word: String) async throws -> Int {
        guard !commands.isEmpty else { return 0 }
        let replies = try await link.send(commands, isRepeatable: false)
        for (command, reply) in zip(commands, replies) { try link.check(reply, to: command) }
        return replies.count { $0 == .word(word) }
    }

    package func close() async {
        pace.close()
        await link.close()
    }
}

extension MemcachedResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: pace.count) }

    /// No server of this kind tells anybody anything: the wait ends when it is time to look.
    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        await pace.wait(since: mark.number, until: deadline)
        try Task.checkCancellation()
    }
}

/// One result on its way to a server.
private struct Write: Sendable {
    let id: TaskID
    let key: String
    let value: [UInt8]
    let attempt: Int
    /// Whether it belongs to a group, which a chord may join.
    let isMember: Bool

    init(_ result: TaskResult, key: String) {
        id = result.id
        self.key = key
        value = ResultValue.bytes(of: result)
        attempt = result.attempt
        isMember = result.groupID != nil
    }
}
