package import CeleryCore
import Redis
import Wire

/// Chords counted in the records of Python's Celery 5.7, so that workers of both kinds count one chord together. Workers of Celery
/// 5.6 and before heed neither the claim nor who was counted: if one of them ends last, it sends the body whatever we do, and if a
/// member runs twice on them, it is counted twice.
extension RedisResultStore: ChordCounting {
    /// Seconds that a claim holds: as Python's, for its usual time limit of three seconds for joining results.
    private static let claimSeconds = 6
    /// Seconds that a claim holds while the body is published.
    private static let publishingSeconds = 60
    /// Seconds for which it is remembered that the body was sent.
    private static let doneSeconds = 300

    package func count(_ part: ChordPart, as claim: String) async throws -> Bool {
        let group = part.group
        let value: JSON = [1, .string(part.result.id.text), .string(part.result.state.name), ResultDocument.value(of: part.result)]
        let expires = RedisResultTerms.seconds(terms.chordExpires ?? terms.expires)
        let resultExpires = RedisResultTerms.seconds(terms.expires)
        let reply = try await link.ask(
            RedisCommand(
                RedisScripts.countPart,
                keys: [
                    keys.group(group, .results), keys.group(group, .added), keys.group(group, .size), keys.group(group, .counted),
                    keys.group(group), keys.group(group, .claim),
                ],
                [
                    .text(part.result.id.text), .bytes(value.bytes(style: .python)), part.index.map(RedisCommand.Word.number) ?? "+inf",
                    .number(expires), .number(expires > 0 && resultExpires > 0 ? max(expires, resultExpires) : 0), .text(claim),
                    .number(Self.claimSeconds), "1",
                ]))
        guard let counts = reply.elements, counts.count == 3 else {
            throw DriverError(.unusable, "\(location) gives no sense counting chord \(group)")
        }
        return counts[2] == .integer(1)
    }

    package func chord(_ group: String) async throws -> ChordResults {
        let replies = try await link.ask([
            RedisCommand("ZRANGE", .text(try keys.group(group, .results)), "0", "-1"), RedisCommand("GET", .text(try keys.group(group))),
        ])
        let results = try (replies[0].elements ?? []).map { element -> TaskResult in
            guard let bytes = element.bytesValue, let parts = try? JSON(parsing: bytes).arrayValue, parts.count == 4,
                let id = parts[1].stringValue, let state = parts[2].stringValue
            else { throw DriverError(.unusable, "chord \(group) in \(location) has a result that cannot be read") }
            var result = TaskResult(id: TaskID(id), state: TaskState(name: state))
            (result.value, result.failure) = ResultDocument.outcome(parts[3], state: result.state)
            return result
        }
        let header = replies[1].bytesValue.flatMap { try? JSON(parsing: $0)["result"] }
        return ChordResults(results: results, header: header)
    }

    package func extendClaim(to group: String, as claim: String) async throws -> Bool {
        let reply = try await link.ask(
            RedisCommand(
                RedisScripts.extendClaim, keys: [keys.group(group, .claim), keys.group(group, .size)],
                [.text(claim), .number(Self.publishingSeconds)]))
        return reply == .integer(1)
    }

    package func finishChord(_ group: String, as claim: String) async throws {
        _ = try await link.ask(
            RedisCommand(
                RedisScripts.finish,
                keys: [
                    keys.group(group, .claim), keys.group(group, .results), keys.group(group, .added), keys.group(group, .size),
                    keys.group(group, .counted),
                ],
                [.text(claim), .number(Self.doneSeconds)]))
    }

    /// As Python does, only the size goes: no part that comes late completes the chord again, and the results stay until they expire.
    package func failChord(_ group: String) async throws {
        _ = try await link.ask(RedisCommand("DEL", .text(try keys.group(group, .size))))
    }
}
