import CeleryCore
import Streams

/// The way of commands to a MongoDB server: a connection, made when it is needed.
package final class MongoLink: Sendable {
    package let options: MongoOptions
    private let link: CommandLink<MongoConnection>

    package var location: String { options.location }

    /// Does not connect yet.
    package init(_ options: MongoOptions) {
        self.options = options
        link = CommandLink(options)
    }

    /// Sends a command to the database, and waits for its answer.
    ///
    /// - Parameters:
    ///   - command: Its first name is that of the command.
    ///   - isRepeatable: Whether it may be sent again when the connection is lost before the answer has come.
    /// - Throws: `DriverError`, also for a refusal.
    package func ask(_ command: BSONDocument, isRepeatable: Bool = true) async throws -> BSONDocument {
        var command = command
        command["$db"] = .string(options.database)
        let name = command.members.first?.name ?? ""
        do {
            guard let answer = try await link.send([command], isRepeatable: isRepeatable).first else { return [:] }
            guard answer["ok"]?.isTrue ?? false else { throw MongoError(answer: answer, to: name) }
            if let failure = answer["writeConcernError"]?.document {
                // Done, but not by as many servers as was demanded: it may be undone.
                throw MongoError(.busy, "not enough servers have confirmed \(name): \((failure["errmsg"]?.string ?? "").inOneLine(limit: 200))")
            }
            return answer
        } catch let error as MongoError {
            throw DriverError(error, at: location)
        }
    }

    /// The same for a command that writes: as many servers confirm it as the URL demands.
    package func write(_ command: BSONDocument, isRepeatable: Bool = true) async throws -> BSONDocument {
        var command = command
        if let concern = options.writeConcern { command["writeConcern"] = .document(concern) }
        return try await ask(command, isRepeatable: isRepeatable)
    }

    /// All documents of a query.
    ///
    /// - Parameter limit: How many at most; `nil` for all.
    /// - Throws: `DriverError`.
    package func find(
        in collection: String, _ filter: BSONDocument, sort: BSONDocument? = nil, fields: BSONDocument? = nil, limit: Int? = nil
    ) async throws -> [BSONDocument] {
        var command: BSONDocument = ["find": .string(collection), "filter": .document(filter)]
        if let sort { command["sort"] = .document(sort) }
        if let fields { command["projection"] = .document(fields) }
        if let limit { command["limit"] = .int64(Int64(limit)) }
        var answer = try await ask(command)
        var found: [BSONDocument] = []
        while true {
            let cursor = answer["cursor"]?.document ?? [:]
            found += ((cursor["firstBatch"] ?? cursor["nextBatch"])?.array ?? []).compactMap(\.document)
            guard let id = cursor["id"], let number = id.integer, number != 0 else { return found }
            // A cursor ends with its connection, so a query that loses it fails as a whole.
            answer = try await ask(["getMore": .int64(Int64(number)), "collection": .string(collection)], isRepeatable: false)
        }
    }

    /// Deletes the documents that match.
    ///
    /// - Returns: Their number.
    /// - Throws: `DriverError`.
    package func delete(from collection: String, _ filter: BSONDocument) async throws -> Int {
        // Sent again it would not count what the first has deleted.
        let answer = try await write(
            ["delete": .string(collection), "deletes": [["q": .document(filter), "limit": 0]]], isRepeatable: false)
        if let failure = answer["writeErrors"]?.array?.first?.document { throw DriverError(MongoError(answer: failure, to: "delete"), at: location) }
        return answer["n"]?.integer ?? 0
    }

    /// Waits for outstanding answers, closes the connection and ends its thread.
    package func close() async { await link.close() }
}
