package import CeleryCore
import Mongo

/// Task-sets as Celery saves groups (`GroupResult.save`): a document with the ids of all members as text of JSON. Python reads ids alone
/// there, so that a set has no groups within.
extension MongoResultStore: TaskSetKeeping {
    /// A document of this many ids has some five megabytes, all of which each reader loads.
    package var taskSetLimit: Int? { 100_000 }

    package func keep(_ set: TaskSetRecord) async throws {
        // A document has the ids of all members, which are not known before.
        guard let total = set.total else { return }
        if let limit = taskSetLimit, total > limit {
            throw DriverError(
                .refused, "\(location) keeps task-sets of at most \(limit) tasks, as documents of Celery's groups; this one has \(total)",
                hint: "use celery.db as result store for larger sets")
        }
        let members = Self.text(total == 0 ? [] : set.ids(1...total))
        let created = BSONValue.date(MongoDocument.milliseconds(set.created))
        let update: BSONValue = [
            "q": ["_id": .string(set.id)], "u": ["$set": ["result": .string(members)], "$setOnInsert": ["date_done": created]], "upsert": true,
        ]
        try check(try await link.write(["update": .string(groups), "updates": [update]]))
    }

    private func check(_ answer: BSONDocument) throws {
        guard let failure = answer["writeErrors"]?.array?.first?.document else { return }
        throw DriverError(MongoError(answer: failure, to: "update"), at: location)
    }

    private static func text(_ members: [TaskID]) -> String {
        String(decoding: JSON.array(members.map { .string($0.text) }).bytes(style: .python), as: UTF8.self)
    }

    private static func record(_ document: BSONDocument) -> TaskSetRecord? {
        guard let id = document["_id"]?.string, let members = members(document) else { return nil }
        return TaskSetRecord(
            id: id, total: members.count, created: MongoDocument.time(document["date_done"]) ?? Timestamp(seconds: 0), members: members)
    }

    /// The members, also where Python writes BSON; `nil` for what cannot be read.
    private static func members(_ document: BSONDocument) -> [TaskID]? {
        let list: JSON? =
            switch document["result"] {
            case .string(let text)?: try? JSON(parsing: Array(text.utf8))
            case let other?: MongoJSON.json(other)
            case nil: nil
            }
        return list?.arrayValue?.compactMap(\.stringValue).map { TaskID($0) }
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? {
        try await link.find(in: groups, ["_id": .string(id)]).first.flatMap(Self.record)
    }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        try await link.find(in: groups, [:], sort: ["date_done": -1, "_id": -1], limit: limit).compactMap(Self.record)
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        while true {
            guard let document = try await link.find(in: groups, ["_id": .string(set)]).first, let there = document["result"],
                var members = Self.members(document), let place = members.firstIndex(of: old)
            else { return false }
            members[place] = new
            // Only where the members are those that were read: of two who replace members, neither undoes the other.
            let update: BSONValue = ["q": ["_id": .string(set), "result": there], "u": ["$set": ["result": .string(Self.text(members))]]]
            let answer = try await link.write(["update": .string(groups), "updates": [update]], isRepeatable: false)
            try check(answer)
            if answer["n"]?.integer == 1 { return true }
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        try await link.delete(from: groups, ["_id": ["$in": .array(ids.distinct.map { .string($0) })]])
    }
}
