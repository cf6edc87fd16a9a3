package import CeleryCore
import Redis

/// Task-sets as Celery saves groups (`GroupResult.save`): a value with the ids of all members. When a set was made is a member of
/// its document that Python ignores, and in a sorted set beside it, for lists; groups that Python saved are found by their ids.
extension RedisResultStore: TaskSetKeeping {
    /// A value of this many ids has some six megabytes, all of which each reader loads.
    package var taskSetLimit: Int? { 100_000 }

    package func keep(_ set: TaskSetRecord) async throws {
        // A value has the ids of all members, which are not known before.
        guard let total = set.total else { return }
        if let limit = taskSetLimit, total > limit {
            throw DriverError(
                .refused, "\(location) keeps task-sets of at most \(limit) tasks, as values of Celery's keys; this one has \(total)",
                hint: "use celery.db as result store for larger sets")
        }
        let key = try keys.group(set.id)
        let before = try await group(key)
        let created = before?.created ?? set.created
        let members = try set.ids(total == 0 ? nil : 1...total).map { id in
            _ = try keys.task(id)
            return id
        }
        let document = RedisGroup(set.id, of: members, created: created)
        let seconds = RedisResultTerms.seconds(terms.expires)
        let value = RedisCommand.Word.bytes(document.bytes)
        _ = try await link.ask([
            seconds > 0 ? RedisCommand("SETEX", .text(key), .number(seconds), value) : RedisCommand("SET", .text(key), value),
            RedisCommand("ZADD", .text(keys.sets), .text(String(created.seconds)), .text(set.id)),
        ])
    }

    /// The document of a group and its bytes; `nil` if there is none, or none that can be read.
    private func stored(_ key: String) async throws -> (group: RedisGroup, bytes: [UInt8])? {
        guard let bytes = try await link.ask(RedisCommand("GET", .text(key))).bytesValue else { return nil }
        return RedisGroup(bytes).map { ($0, bytes) }
    }

    private func group(_ key: String) async throws -> RedisGroup? { try await stored(key)?.group }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? { try await group(keys.group(id))?.record(id) }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        var found: [TaskSetRecord] = []
        var start = 0
        while found.count < limit {
            let stop = start + max(1, min(100, limit - found.count)) - 1
            let ids = try await link.ask(RedisCommand("ZREVRANGE", .text(keys.sets), .number(start), .number(stop)))
                .elements?.compactMap(\.textValue) ?? []
            if ids.isEmpty { break }
            var gone: [RedisCommand.Word] = []
            for id in ids {
                if let record = try await taskSet(id) { found.append(record) } else { gone.append(.text(id)) }
            }
            // What has expired is not looked for again.
            if !gone.isEmpty { _ = try await link.ask(RedisCommand(["ZREM", .text(keys.sets)] + gone)) }
            start += ids.count - gone.count
        }
        return found
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        let key = try keys.group(set)
        _ = try keys.task(new)
        while true {
            guard let (before, bytes) = try await stored(key) else { return false }
            var group = before
            guard group.replace(old, by: new) else { return false }
            let reply = try await link.ask(
                RedisCommand(RedisScripts.replace, keys: [key], [.text(SHA1.hexadecimal(bytes)), .bytes(group.bytes)]))
            // Otherwise somebody else has replaced a member meanwhile.
            if reply == .integer(1) { return true }
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        var count = 0
        for id in ids {
            let replies = try await link.ask(
                [RedisCommand("DEL", .text(try keys.group(id))), RedisCommand("ZREM", .text(keys.sets), .text(id))], isRepeatable: false)
            count += replies[0].intValue ?? 0
        }
        return count
    }
}

extension TaskSetRecord {
    fileprivate func ids(_ numbers: ClosedRange<Int>?) -> [TaskID] { numbers.map { ids($0) } ?? [] }
}
