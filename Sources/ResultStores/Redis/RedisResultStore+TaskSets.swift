package import CeleryCore
import Redis

/// Task-sets as Celery saves groups (`GroupResult.save`): a value with the ids of all members. When a set was made is a member of
/// its document that Python ignores; groups that Python saved have no time, and are listed last.
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
        let document = GroupDocument(set.id, of: members, created: created)
        let seconds = RedisResultTerms.seconds(terms.expires)
        let value = RedisCommand.Word.bytes(document.bytes)
        _ = try await link.ask(
            seconds > 0 ? RedisCommand("SETEX", .text(key), .number(seconds), value) : RedisCommand("SET", .text(key), value))
    }

    /// The document of a group and its bytes; `nil` if there is none, or none that can be read.
    private func stored(_ key: String) async throws -> (group: GroupDocument, bytes: [UInt8])? {
        guard let bytes = try await link.ask(RedisCommand("GET", .text(key))).bytesValue else { return nil }
        return GroupDocument(bytes).map { ($0, bytes) }
    }

    private func group(_ key: String) async throws -> GroupDocument? { try await stored(key)?.group }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? { try await group(keys.group(id))?.record(id) }

    /// Nothing in Python's layout lists groups: this goes through all keys of the server, a thousand at a time.
    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        var ids: Set<String> = []
        var cursor = "0"
        repeat {
            let reply = try await link.ask(
                RedisCommand("SCAN", .text(cursor), "MATCH", .text(RedisSubscription.Channel.escaped(keys.groups) + "*"), "COUNT", "1000"))
            guard let parts = reply.elements, parts.count == 2, let next = parts[0].textValue else { break }
            ids.formUnion(parts[1].elements?.compactMap { $0.textValue.flatMap(keys.groupID) } ?? [])
            cursor = next
        } while cursor != "0"
        // The times stand at the beginning of the values, which may be long.
        let all = Array(ids)
        let heads = try await link.send(all.map { RedisCommand("GETRANGE", .text(try keys.group($0)), "0", "63") })
        let newest = zip(all, heads).compactMap { id, head in head.bytesValue.map { (id: id, time: GroupDocument.created(inHead: $0)) } }
            .sorted { ($0.time ?? 0, $0.id) > ($1.time ?? 0, $1.id) }
        var found: [TaskSetRecord] = []
        for (id, _) in newest {
            if found.count >= limit { break }
            if let record = try await taskSet(id) { found.append(record) }
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
        guard !ids.isEmpty else { return 0 }
        let names = try ids.distinct.map { RedisCommand.Word.text(try keys.group($0)) }
        return try await link.ask(RedisCommand(["DEL"] + names), isRepeatable: false).intValue ?? 0
    }
}

extension TaskSetRecord {
    fileprivate func ids(_ numbers: ClosedRange<Int>?) -> [TaskID] { numbers.map { ids($0) } ?? [] }
}
