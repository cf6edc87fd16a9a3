package import CeleryCore
import Tyrant

/// Task-sets as Celery saves groups: a value with the ids of all members. A member that takes the place of another is a value of its
/// own, numbered, which `putkeep` stores: of two who replace members at once the second finds the first.
extension TyrantResultStore: TaskSetKeeping {
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
        let created = try await link.values(of: [key])[key].flatMap(GroupDocument.init)?.created ?? set.created
        let members = try (total == 0 ? [] : set.ids(1...total)).map { id in
            _ = try keys.task(id)
            return id
        }
        let document = GroupDocument(set.id, of: members, created: created)
        guard try await link.effects(of: [.put(key, document.bytes)]) == [true] else { throw refusal(set.id) }
    }

    private func refusal(_ id: String) -> DriverError {
        DriverError(TyrantError(.refused, "the server does not store task-set \(id)"), at: location)
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? { try await group(id)?.group.record(id) }

    /// Changes of a set that are asked for at once.
    private static let step = 16

    /// A set with all changes made, and their number; `nil` if there is none, or none that can be read.
    private func group(_ id: String) async throws -> (group: GroupDocument, changes: Int)? {
        let key = try keys.group(id)
        var changes = 0
        var group: GroupDocument?
        while true {
            let next = (changes + 1...changes + Self.step).map { keys.change($0, of: id) }
            let values = try await link.values(of: (changes == 0 ? [key] : []) + next)
            if changes == 0 { group = values[key].flatMap(GroupDocument.init) }
            guard group != nil else { return nil }
            for key in next {
                guard let value = values[key] else { return group.map { ($0, changes) } }
                changes += 1
                guard let change = try? JSON(parsing: value), let old = change["old"]?.stringValue, let new = change["new"]?.stringValue
                else { continue }
                _ = group?.replace(TaskID(old), by: TaskID(new))
            }
        }
    }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        var records: [TaskSetRecord] = []
        for key in try await link.keys(startingWith: keys.groups) {
            if let record = try await taskSet(keys.group(ofKey: key)) { records.append(record) }
        }
        return Array(records.sorted { ($0.created.seconds, $0.id) > ($1.created.seconds, $1.id) }.prefix(limit))
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        _ = try keys.task(new)
        while true {
            guard case (var group, let changes)? = try await group(set), group.replace(old, by: new) else { return false }
            let change = TyrantDocument.dated(JSON.object(["old": .string(old.text), "new": .string(new.text)]).bytes(style: .python), now())
            let key = keys.change(changes + 1, of: set)
            // Sent again it would find itself.
            if try await link.effects(of: [.putKeep(key, change)], isRepeatable: false) == [true] { return true }
            // Otherwise somebody else has replaced a member meanwhile.
            guard try await link.sizes(of: [key]) != [nil] else { throw refusal(set) }
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        var count = 0
        for id in ids.distinct {
            let changes = try await group(id)?.changes ?? 0
            let commands = try [keys.group(id)] + (changes == 0 ? [] : (1...changes).map { keys.change($0, of: id) })
            count += try await link.effects(of: commands.map { .out($0) }, isRepeatable: false).first == true ? 1 : 0
        }
        return count
    }
}
