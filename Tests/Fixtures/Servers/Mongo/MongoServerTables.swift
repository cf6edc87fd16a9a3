/// The collections of the scripted MongoDB server, and the commands on them.
struct MongoServerTables {
    private var collections: [String: Collection] = [:]
    private(set) var indexes: Set<String> = []
    /// The rest of queries with more documents than one answer has.
    private var cursors: [Int64: [MongoServerValue]] = [:]
    private var lastCursor: Int64 = 0

    /// Documents of the first answer to a query, as of a real server.
    private static let firstBatch = 101
    private static let documentLimit = 16_777_216

    /// Documents by their ids, all of which are texts.
    private struct Collection {
        var documents: [[UInt8]: MongoServerValue] = [:]

        static func key(_ id: MongoServerValue?) -> [UInt8] { Array((id?.text ?? "").utf8) }

        /// The documents that match, those with the smallest ids first.
        func matching(_ filter: MongoServerValue) throws -> [MongoServerValue] {
            try candidates(filter["_id"]).filter { try MongoServerFilter.matches($0, filter) }
        }

        private func candidates(_ id: MongoServerValue?) -> [MongoServerValue] {
            if id?.text != nil { return [documents[Self.key(id)]].compactMap { $0 } }
            if let ids = id?["$in"]?.list { return ids.compactMap { documents[Self.key($0)] } }
            return documents.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
        }
    }

    func documents(of collection: String) -> [MongoServerValue] { (try? collections[collection]?.matching(.document([]))) ?? [] }

    mutating func insert(_ document: MongoServerValue, into collection: String) {
        collections[collection, default: Collection()].documents[Collection.key(document["_id"])] = document
    }

    /// - Returns: `nil` for a command that there is not.
    mutating func answer(_ command: MongoServerValue) throws -> MongoServerValue? {
        guard let first = command.members.first, let database = command["$db"]?.text else { throw MongoServerValue.Malformed() }
        let name = first.name == "getMore" ? command["collection"]?.text : first.value.text
        let collection = "\(database).\(name ?? "")"
        switch first.name {
        case "update": return try update(collection, command)
        case "find": return try find(collection, command)
        case "getMore":
            guard case .int(let id, isLong: true) = first.value, let rest = cursors.removeValue(forKey: id) else {
                return MongoServer.error(43, "cursor id not found")
            }
            return cursor(collection, rest, "nextBatch", limit: 1_000)
        case "delete":
            var count: Int64 = 0
            for each in command["deletes"]?.list ?? [] {
                guard let filter = each["q"], each["limit"]?.number == 0 else { throw MongoServerValue.Malformed() }
                for document in try collections[collection]?.matching(filter) ?? [] {
                    collections[collection]?.documents[Collection.key(document["_id"])] = nil
                    count += 1
                }
            }
            return MongoServer.success([("n", .int(count, isLong: false))])
        case "createIndexes":
            for index in command["indexes"]?.list ?? [] { indexes.insert("\(collection).\(index["name"]?.text ?? "")") }
            return MongoServer.success([])
        default: return nil
        }
    }

    private mutating func update(_ collection: String, _ command: MongoServerValue) throws -> MongoServerValue {
        let isOrdered = command["ordered"] != .bool(false)
        var count: Int64 = 0
        var failures: [MongoServerValue] = []
        for (index, each) in (command["updates"]?.list ?? []).enumerated() {
            guard let filter = each["q"], let new = each["u"] else { throw MongoServerValue.Malformed() }
            if let code = try change(collection, filter, new, isUpsert: each["upsert"] == .bool(true), &count) {
                failures.append(
                    MongoServerValue([
                        ("index", .int(Int64(index), isLong: false)), ("code", .int(code, isLong: false)),
                        ("errmsg", .text(code == 11_000 ? "E11000 duplicate key error collection: \(collection) index: _id_" : "document too large")),
                    ]))
                if isOrdered { break }
            }
        }
        return MongoServer.success([("n", .int(count, isLong: false))] + (failures.isEmpty ? [] : [("writeErrors", .list(failures))]))
    }

    /// - Returns: The number of an error.
    private mutating func change(
        _ collection: String, _ filter: MongoServerValue, _ change: MongoServerValue, isUpsert: Bool, _ count: inout Int64
    ) throws -> Int64? {
        let there = try collections[collection]?.matching(filter).first
        var document: MongoServerValue
        if let there {
            document = there
        } else if isUpsert {
            document = MongoServerValue([("_id", filter["_id"] ?? .null)])
        } else {
            return nil
        }
        if change.members.first?.name.hasPrefix("$") == true {
            for each in change.members {
                guard each.name == "$set" || each.name == "$setOnInsert" else { throw MongoServerValue.Malformed() }
                if each.name == "$setOnInsert", there != nil { continue }
                for member in each.value.members { document.set(member.name, member.value) }
            }
        } else {
            let id = document["_id"] ?? .null
            document = change
            guard document["_id"] == nil || document["_id"] == id else { throw MongoServerValue.Malformed() }
            document.set("_id", id)
        }
        guard document.bytes.count <= Self.documentLimit else { return 17_419 }
        guard there != nil || collections[collection]?.documents[Collection.key(document["_id"])] == nil else { return 11_000 }
        insert(document, into: collection)
        count += 1
        return nil
    }

    private mutating func find(_ collection: String, _ command: MongoServerValue) throws -> MongoServerValue {
        guard let filter = command["filter"] else { throw MongoServerValue.Malformed() }
        var found = try collections[collection]?.matching(filter) ?? []
        if let keys = command["sort"]?.members { found.sort { MongoServerFilter.precedes($0, $1, by: keys) } }
        if let limit = command["limit"]?.number, limit > 0 { found = Array(found.prefix(Int(limit))) }
        if let fields = command["projection"]?.members.map(\.name) {
            found = found.map { document in .document(document.members.filter { fields.contains($0.name) }) }
        }
        return cursor(collection, found, "firstBatch", limit: Self.firstBatch)
    }

    private mutating func cursor(_ collection: String, _ documents: [MongoServerValue], _ name: String, limit: Int) -> MongoServerValue {
        // No answer has more than the greatest document.
        var size = 0
        let part = documents.prefix(limit).prefix { document in
            let isFirst = size == 0
            size += document.bytes.count
            return isFirst || size <= Self.documentLimit
        }
        var id: Int64 = 0
        if part.count < documents.count {
            lastCursor += 1
            id = lastCursor
            cursors[id] = Array(documents.dropFirst(part.count))
        }
        let cursor = MongoServerValue([(name, .list(Array(part))), ("id", .int(id, isLong: true)), ("ns", .text(collection))])
        return MongoServer.success([("cursor", cursor)])
    }
}
