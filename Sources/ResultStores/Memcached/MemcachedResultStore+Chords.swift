package import CeleryCore
import Memcached
import Wire

/// Chords counted as Python's Celery counts them in this store: a number under `chord-unlock-ID`, which the client sets to 0 and the
/// end of each member raises; whoever makes it the size of the group sends the body. So workers of both kinds count one chord together.
///
/// What Python lacks is kept beside it, under keys of ours. A mark for each member: one that ends twice is counted once; workers in
/// Python count it twice. What each member came to: a result is stored only after its member was counted. And who sends the body.
///
/// Two keys cannot be changed at once. A worker that dies after it has set the mark and before it has learned the number leaves open
/// whether it has counted; then the members that have ended are compared with the number. Only if another member ends in that very
/// moment can this be wrong. A worker in Python that ends last waits for the results of the others for `result_chord_join_timeout`
/// (3 s), and gives the chord up when ours died before it stored one.
extension MemcachedResultStore: ChordCounting {
    /// Seconds for which a claim holds while the body is published, and for which it is remembered that it was.
    private static let publishingSeconds = 60
    private static let doneSeconds = 300
    private static let done = "done"

    package func count(_ part: ChordPart, as claim: String) async throws -> Bool {
        // Without its members a chord has been completed, or forgotten.
        guard let group = try await group(part.group)?.group else { return false }
        try await keep(part)
        let mark = keys.mark(part.result.id, at: part.index, of: part.group)
        let ended: Int?
        if try await link.ask(.add(mark, Array("begun".utf8), expires: chordExpiry)) == .word("STORED") {
            ended = try await increment(part.group)
        } else if let number = try await text(of: mark).flatMap({ Int($0) }) {
            // Told again.
            ended = number
        } else {
            ended = try await countAgain(in: group, part.group)
        }
        guard let ended else { return false }
        _ = try await link.ask(.set(mark, Array("\(ended)".utf8), expires: chordExpiry))
        guard ended == group.count else {
            // The last member joins all, so these must live until then.
            _ = try await link.send([
                .touch(try keys.counter(part.group), expires: chordExpiry), .touch(try keys.group(part.group), expires: memberExpiry),
            ])
            return false
        }
        return try await take(part.group, claim)
    }

    /// Keeps what a member came to; of one that ends twice the first stands.
    private func keep(_ part: ChordPart) async throws {
        let value: JSON = [.string(part.result.state.name), ResultDocument.value(of: part.result)]
        let command = MemcachedCommand.add(
            keys.part(part.result.id, of: part.group), value.bytes(style: .python), expires: chordExpiry)
        let reply = try await link.send([command])[0]
        // A result that is too large is refused when it is stored, and the task fails instead.
        if case .error(let text) = reply, MemcachedError(reply: text, to: command.name).code == .tooLarge { return }
        try link.check(reply, to: command)
    }

    /// - Returns: How many have ended; `nil` if the number is gone.
    private func increment(_ group: String) async throws -> Int? {
        let command = MemcachedCommand.increment(try keys.counter(group))
        switch try await link.ask(command, isRepeatable: false) {
        case .number(let number): return Int(clamping: number)
        case .word("NOT_FOUND"): return nil
        default: throw DriverError(.unusable, "\(location) gives no sense counting chord \(group)")
        }
    }

    /// Counts a member of which it is not known whether it was counted.
    private func countAgain(in group: GroupDocument, _ id: String) async throws -> Int? {
        guard let number = try await text(of: keys.counter(id)).flatMap({ Int($0) }) else { return nil }
        let counted = Set(try await parts(of: group, id).map(\.id))
        let others = group.members.filter { !counted.contains($0) }
        let ended = counted.count + (try await results(for: others).values.count { $0.state.isReady })
        return ended > number ? try await increment(id) : number
    }

    /// Whether this end has the claim to send the body.
    private func take(_ group: String, _ claim: String) async throws -> Bool {
        let key = keys.claim(group)
        if try await link.ask(.add(key, Array(claim.utf8), expires: Self.publishingSeconds)) == .word("STORED") { return true }
        return try await text(of: key) == claim
    }

    /// What those members came to that were counted here.
    private func parts(of group: GroupDocument, _ id: String) async throws -> [TaskResult] {
        let members = group.members.distinct
        let values = try await link.values(of: members.map { keys.part($0, of: id) })
        return try members.compactMap { member in
            guard let value = values[keys.part(member, of: id)] else { return nil }
            guard let parts = try? JSON(parsing: value.bytes).arrayValue, parts.count == 2, let state = parts[0].stringValue else {
                throw DriverError(.unusable, "chord \(id) in \(location) has a result that cannot be read")
            }
            var result = TaskResult(id: member, state: TaskState(name: state))
            (result.value, result.failure) = ResultDocument.outcome(parts[1], state: result.state)
            return result
        }
    }

    package func chord(_ group: String) async throws -> ChordResults {
        guard let document = try await self.group(group)?.group else {
            // As Python says it.
            let failure = TaskFailure(type: "ChordError", arguments: [.string("GroupResult \(group) no longer exists")], module: "celery.exceptions")
            return ChordResults(results: [TaskResult(id: TaskID(group), state: .failure, failure: failure)], header: nil)
        }
        return ChordResults(results: try await parts(of: document, group), header: document.form)
    }

    package func extendClaim(to group: String, as claim: String) async throws -> Bool {
        let key = keys.claim(group)
        guard let value = try await link.values(of: [key])[key] else {
            // It has run out while the chord is open.
            guard try await text(of: keys.counter(group)) != nil else { return false }
            return try await take(group, claim)
        }
        guard value.bytes == Array(claim.utf8) else { return false }
        let command = MemcachedCommand.replace(key, value.bytes, expires: Self.publishingSeconds, version: value.version)
        return try await link.ask(command) == .word("STORED") ? true : await text(of: key) == claim
    }

    package func finishChord(_ group: String, as claim: String) async throws {
        guard try await text(of: keys.claim(group)) == claim else { return }
        try await end(group)
    }

    package func failChord(_ group: String) async throws { try await end(group) }

    /// Removes the records of a chord, as Python does, and those of ours; remembers that for parts that come late.
    private func end(_ group: String) async throws {
        // First, so that nobody who finds the members sends the body again.
        _ = try await link.ask(.set(keys.claim(group), Array(Self.done.utf8), expires: Self.doneSeconds))
        let members = try await self.group(group)?.group.members ?? []
        var commands: [MemcachedCommand] = [.delete(try keys.group(group)), .delete(try keys.counter(group))]
        for (index, member) in members.enumerated() {
            commands += [.delete(keys.part(member, of: group)), .delete(keys.mark(member, at: index, of: group))]
        }
        _ = try await link.send(commands)
    }

    private func text(of key: String) async throws -> String? {
        try await link.values(of: [key])[key].map { value in
            // Where a number has become shorter, spaces follow it.
            String(String(decoding: value.bytes, as: UTF8.self).prefix { $0 != " " })
        }
    }
}
