// Results in a Redis server, where Python's Celery keeps them (`redis://`), so that both programs read each other's results and
// wait for them. Python writes and reads as `backends/redis.py` of Celery 5.7 does: a key for each result, whose value is also
// published on a channel of the same name.

package import CeleryCore
package import CeleryRedis
package import Redis
import Wire

/// Stores results in a Redis server.
package final class RedisResultStore: RevocationAnnouncing {
    package let location: String
    let link: RedisLink
    let keys: RedisKeys
    let terms: RedisResultTerms
    let watch: RedisWatch
    /// The time of tests; `nil` for that of the server.
    let testTime: (@Sendable () -> Timestamp)?

    /// Does not connect yet.
    ///
    /// - Throws: `DriverError.configuration`.
    package init(_ options: RedisOptions, _ terms: RedisResultTerms, testTime: (@Sendable () -> Timestamp)? = nil) throws {
        self.testTime = testTime
        link = RedisLink(options)
        location = options.location
        keys = try RedisKeys(prefix: terms.keyPrefix)
        self.terms = terms
        watch = RedisWatch(options, keys)
    }

    /// Results per exchange with the server, and bytes after which no more are added to it.
    private static let batch = (results: 500, bytes: 4 << 20)
    /// The longest value that a server takes.
    private static let valueLimit = 512 << 20

    package func store(_ results: [TaskResult]) async throws {
        // Nothing is sent unless all can be.
        let writes = try self.writes(of: results)
        var start = 0
        while start < writes.count {
            var end = start
            var size = 0
            while end < writes.count, end - start < Self.batch.results, size < Self.batch.bytes {
                size += writes[end].value.count
                end += 1
            }
            try await store(writes[start..<end])
            start = end
        }
        if !results.isEmpty { noteWritten(results) }
    }

    private func store(_ writes: ArraySlice<RedisResultWrite>) async throws {
        let replies = try await link.ask(writes.map { $0.command() })
        for (write, reply) in zip(writes, replies) where reply == .integer(-1) { try await replace(write) }
    }

    /// Stores a result in place of a value whose beginning does not tell what it is.
    private func replace(_ write: RedisResultWrite) async throws {
        while true {
            let there = try await link.ask(RedisCommand("GET", .text(write.key))).bytesValue
            // Who writes what cannot be read here cannot read our results either; it is as if there were none.
            let result = there.flatMap { try? ResultValue.read($0) }
            if let result, !ResultValue.mayReplace(result, byAttempt: write.attempt) { return }
            let seen = there.map(SHA1.hexadecimal) ?? ""
            if try await link.ask(write.command(replacing: seen)) != .integer(-1) { return }
            // Another has replaced it meanwhile.
        }
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let ids = ids.distinct
        var found: [TaskID: TaskResult] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.batch.results) {
            let part = ids[start..<min(start + Self.batch.results, ids.count)]
            let words = try part.map { RedisCommand.Word.text(try keys.task($0)) }
            let values = try await link.ask(RedisCommand(["MGET"] + words)).elements ?? []
            for (id, value) in zip(part, values) {
                guard let bytes = value.bytesValue else { continue }
                found[id] = try read(bytes, of: id)
            }
        }
        watch.looked(for: ids, found)
        return found
    }

    private func read(_ bytes: [UInt8], of id: TaskID) throws -> TaskResult {
        do {
            var result = try ResultValue.read(bytes)
            result.id = id
            return result
        } catch {
            throw DriverError(
                .unusable, "the result of \(id) in \(location) cannot be read: \(error)",
                hint: "let Python's programs write json, with gzip or no compression: result_serializer, result_compression")
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let names = try ids.distinct.map { RedisCommand.Word.text(try keys.task($0)) }
        var count = 0
        for start in stride(from: 0, to: names.count, by: Self.batch.results) {
            let part = names[start..<min(start + Self.batch.results, names.count)]
            // Sent again it would not count what the first has deleted.
            count += try await link.ask(RedisCommand(["DEL"] + part), isRepeatable: false).intValue ?? 0
        }
        return count
    }

    package func close() async {
        await watch.close()
        await link.close()
    }
}

extension RedisResultStore: DurabilityChecking {
    package func durabilityWarnings() async throws -> [String] {
        let info = try await link.ask(RedisCommand("INFO")).textValue ?? ""
        return RedisDurability(info: info).warnings(of: location, keeping: "results")
    }
}

extension RedisResultStore: RedisResultWriting {
    package var server: RedisOptions { link.options }

    package func writes(of results: [TaskResult]) throws -> [RedisResultWrite] {
        try results.map { result in
            let value = ResultValue.bytes(of: result)
            guard value.count <= Self.valueLimit else {
                throw DriverError(
                    .refused, "the result of \(result.id) has \(value.count) bytes; Redis keeps at most \(Self.valueLimit)", subject: result.id)
            }
            return RedisResultWrite(key: try keys.task(result.id), value: value, seconds: terms.seconds(of: result), attempt: result.attempt)
        }
    }

    package func noteWritten(_ results: [TaskResult]) { watch.changed(results.map(\.id)) }
}

extension RedisResultWrite {
    /// - Parameter seen: The SHA-1 of a value that may be replaced although it does not tell what it is.
    fileprivate func command(replacing seen: String = "") -> RedisCommand {
        RedisCommand(RedisScripts.store, keys: [key], [.bytes(value), .number(seconds), .number(attempt), .text(seen)])
    }
}
