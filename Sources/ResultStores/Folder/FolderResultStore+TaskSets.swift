package import CeleryCore

/// Task-sets as Celery saves groups (`GroupResult.save`): a file with the ids of all members. When a set was made is a member of its
/// document that Python ignores; of groups that Python saved it is the time of the file.
extension FolderResultStore: TaskSetKeeping {
    /// A file of this many ids has some six megabytes, all of which each reader loads.
    package var taskSetLimit: Int? { 100_000 }

    package func keep(_ set: TaskSetRecord) async throws {
        // A file has the ids of all members, which are not known before.
        guard let total = set.total else { return }
        if let limit = taskSetLimit, total > limit {
            throw DriverError(
                .refused, "\(location) keeps task-sets of at most \(limit) tasks, as files of Celery's groups; this one has \(total)",
                hint: "use celery.db as result store for larger sets")
        }
        let name = try keys.group(set.id)
        let members = try (total == 0 ? [] : set.ids(1...total)).map { id in
            _ = try keys.task(id)
            return id
        }
        try await write { [self] in
            let created = try group(name)?.created ?? set.created
            try folder.write(GroupDocument(set.id, of: members, created: created).bytes, to: name, at: now())
        }
    }

    /// A group; `nil` if there is none, or none that can be read. Blocks.
    private func group(_ name: String) throws -> GroupDocument? {
        do {
            return try content(name) { bytes in
                guard let group = GroupDocument(bytes) else { throw Unreadable() }
                return group
            }
        } catch is Unreadable {
            return nil
        }
    }

    private struct Unreadable: Error {}

    private func record(_ id: String, _ name: String) throws -> TaskSetRecord? {
        guard let group = try group(name) else { return nil }
        var record = group.record(id)
        if group.created == nil, let written = folder.written(name) { record.created = written }
        return record
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? {
        let name = try keys.group(id)
        return try await read { [self] in try record(id, name) }
    }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        try await read { [self] in
            let records = try folder.names().compactMap { name in try keys.group(ofName: name).flatMap { try record($0, name) } }
            return Array(records.sorted { ($0.created.seconds, $0.id) > ($1.created.seconds, $1.id) }.prefix(limit))
        }
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        let name = try keys.group(set)
        _ = try keys.task(new)
        return try await write { [self] in
            guard var group = try group(name), group.replace(old, by: new) else { return false }
            try folder.write(group.bytes, to: name, at: now())
            return true
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        let names = try ids.distinct.map { try keys.group($0) }
        guard !names.isEmpty else { return 0 }
        return try await write { [folder] in try names.reduce(0) { try $0 + (folder.remove($1) ? 1 : 0) } }
    }
}
