package import CeleryCore
import Memcached

/// Task-sets as Celery saves groups (`GroupResult.save`): a value with the ids of all members.
extension MemcachedResultStore: TaskSetKeeping {
    /// A value of this many ids has some 600 KB: servers take values of up to 1 MiB, unless they are told otherwise.
    package var taskSetLimit: Int? { 10_000 }

    package func keep(_ set: TaskSetRecord) async throws {
        // A value has the ids of all members, which are not known before.
        guard let total = set.total else { return }
        if let limit = taskSetLimit, total > limit {
            throw DriverError(
                .refused, "\(location) keeps task-sets of at most \(limit) tasks, as values of Celery's keys; this one has \(total)",
                hint: "use celery.db as result store for larger sets")
        }
        let key = try keys.group(set.id)
        let created = try await group(set.id)?.group.created ?? set.created
        let members = try (total == 0 ? [] : set.ids(1...total)).map { id in
            _ = try keys.task(id)
            return id
        }
        let document = GroupDocument(set.id, of: members, created: created)
        _ = try await link.ask(.set(key, document.bytes, expires: expiry))
    }

    /// The document of a group and its version; `nil` if there is none, or none that can be read.
    func group(_ id: String) async throws -> (group: GroupDocument, version: UInt64)? {
        let key = try keys.group(id)
        guard let value = try await link.values(of: [key])[key] else { return nil }
        return (try? Self.plain(value)).flatMap(GroupDocument.init).map { ($0, value.version) }
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? { try await group(id)?.group.record(id) }

    /// - Throws: `DriverError.unsupported`: no server of this kind tells which keys it has.
    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        var error = DriverError.lacks("list task-sets", location)
        error.hint = "name the task-set by its id"
        throw error
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        let key = try keys.group(set)
        _ = try keys.task(new)
        while true {
            guard case (var group, let version)? = try await group(set), group.replace(old, by: new) else { return false }
            let reply = try await link.ask(.replace(key, group.bytes, expires: expiry, version: version))
            // Otherwise somebody else has replaced a member meanwhile.
            if reply == .word("STORED") { return true }
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        try await count(ids.distinct.map { MemcachedCommand.delete(try keys.group($0)) }, answered: "DELETED")
    }
}
