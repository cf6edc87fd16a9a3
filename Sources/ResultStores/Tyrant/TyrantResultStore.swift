// Results in a Tokyo Tyrant server (`tyrant://host:port`), under the key where the original kept them, as JSON where that had
// pickles: those are an error to readers, and are replaced.
//
// The protocol has no command that compares before it stores, but `putkeep` stores only where nothing is. So a final result has a
// key of its own, which the first who stores one takes: that holds whoever writes at the same moment. What may be replaced (started,
// waiting for another attempt, announced as revoked) is under a key beside it, which counts only while there is no final result.
// There the number of the attempt is compared by the client, which another attempt that writes in the same moment may escape.

package import CeleryCore
import Synchronization
package import Tyrant
import Wire

/// Stores results in a Tokyo Tyrant server.
package final class TyrantResultStore: RevocationAnnouncing {
    package let location: String
    let link: TyrantLink
    let keys: TyrantKeys
    /// Seconds a result is kept; `nil` for ever.
    let expires: Double?
    let now: @Sendable () -> Timestamp
    let scan = Mutex(TyrantScan())
    private let pace = PollPace()

    /// Does not connect yet.
    ///
    /// - Parameters:
    ///   - expires: Seconds a result is kept; `nil` for ever.
    ///   - keyPrefix: Before every key.
    /// - Throws: `DriverError.configuration`.
    package init(
        _ options: TyrantOptions, expires: Double?, keyPrefix: String = "", now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        link = TyrantLink(options)
        location = options.location
        keys = try TyrantKeys(prefix: keyPrefix)
        self.expires = expires
        self.now = now
    }

    /// Results per exchange with the server, and bytes after which no more are added to it.
    private static let batch = (results: 500, bytes: 4 << 20)

    package func store(_ results: [TaskResult]) async throws {
        let time = now()
        // Nothing is sent unless all can be.
        let writes = try results.map { try Write($0, keys, time, location) }
        var batch: [Write] = []
        var held: Set<String> = []
        var size = 0
        for write in writes {
            // Of two results of one task the second finds the first.
            if held.contains(write.key) || batch.count >= Self.batch.results || size >= Self.batch.bytes {
                try await store(batch)
                (batch, held, size) = ([], [], 0)
            }
            batch.append(write)
            held.insert(write.key)
            size += write.value.count
        }
        try await store(batch)
        if !results.isEmpty { pace.changed() }
    }

    /// Stores results of different tasks, where what is there may be replaced.
    private func store(_ batch: [Write]) async throws {
        guard !batch.isEmpty else { return }
        let there = try await link.values(of: batch.flatMap { [$0.key, $0.stateKey] })
        let open = batch.filter { write in
            [write.key, write.stateKey].allSatisfy { current(there[$0]).map { ResultValue.mayReplace($0, byAttempt: write.attempt) } ?? true }
        }
        let commands = open.map { write -> TyrantCommand in
            guard write.isFinal else { return .put(write.stateKey, write.value) }
            // Who writes what cannot be read here, or what is over, cannot keep others from storing a result.
            return there[write.key] == nil ? .putKeep(write.key, write.value) : .put(write.key, write.value)
        }
        let effects = try await link.effects(of: commands)
        try await check(zip(open, effects).filter { !$1 }.map(\.0))
        // What it had come to before; whoever does not get that far leaves what nobody looks at.
        let over = open.filter { $0.isFinal && there[$0.stateKey] != nil }
        _ = try await link.effects(of: over.map { .out($0.stateKey) })
    }

    /// Looks after results that the server did not store: another final result is there by now, or the server refuses.
    private func check(_ refused: [Write]) async throws {
        guard !refused.isEmpty else { return }
        let there = try await link.sizes(of: refused.map(\.key))
        guard let (write, _) = zip(refused, there).first(where: { !$0.isFinal || $1 == nil }) else { return }
        throw DriverError(TyrantError(.refused, "the server does not store the result of \(write.id)"), at: location)
    }

    /// The result in a value; `nil` without one, for one that is over, and for one that cannot be read.
    private func current(_ value: [UInt8]?) -> TaskResult? {
        guard let value, !isOver(value) else { return nil }
        return try? ResultValue.read(value)
    }

    /// Whether the time of a value is over.
    private func isOver(_ value: [UInt8]) -> Bool {
        guard let expires, let stored = TyrantDocument.date(of: value) else { return false }
        return stored <= now().seconds - expires
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        let ids = try ids.distinct.map { (id: $0, key: try keys.task($0)) }
        var found: [TaskID: TaskResult] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.batch.results) {
            let part = ids[start..<min(start + Self.batch.results, ids.count)]
            let values = try await link.values(of: part.flatMap { [$0.key, keys.state($0.id)] })
            for (id, key) in part {
                guard let value = [key, keys.state(id)].compactMap({ values[$0] }).first(where: { !isOver($0) }) else { continue }
                found[id] = try read(value, of: id)
            }
        }
        return found
    }

    private func read(_ value: [UInt8], of id: TaskID) throws -> TaskResult {
        do {
            var result = try ResultValue.read(value)
            result.id = id
            return result
        } catch {
            throw DriverError(
                .unusable, "the result of \(id) in \(location) cannot be read: \(error)",
                hint: "results that the first versions of Celery stored as pickles are not read; forget it: celery result --forget \(id)")
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        let commands = try ids.distinct.flatMap { [TyrantCommand.out(try keys.task($0)), .out(keys.state($0))] }
        // Sent again it would not count what the first has deleted.
        let effects = try await link.effects(of: commands, isRepeatable: false)
        return stride(from: 0, to: effects.count, by: 2).count { effects[$0] || effects[$0 + 1] }
    }

    package func close() async {
        pace.close()
        await link.close()
    }
}

extension TyrantResultStore: ResultWatching {
    package func mark() async -> ResultMark { ResultMark(number: pace.count) }

    /// The server tells nobody anything: the wait ends when it is time to look.
    package func waitForChange(since mark: ResultMark, until deadline: ContinuousClock.Instant?) async throws {
        await pace.wait(since: mark.number, until: deadline)
        try Task.checkCancellation()
    }
}

/// One result on its way to the server.
private struct Write: Sendable {
    let id: TaskID
    let key: String
    let stateKey: String
    let value: [UInt8]
    let attempt: Int
    /// Whether nothing may replace it.
    let isFinal: Bool

    /// - Throws: `DriverError.refused`.
    init(_ result: TaskResult, _ keys: TyrantKeys, _ time: Timestamp, _ location: String) throws {
        id = result.id
        key = try keys.task(id)
        stateKey = keys.state(id)
        value = TyrantDocument.dated(ResultValue.bytes(of: result), time)
        attempt = result.attempt
        isFinal = result.state.isReady && !(result.state == .revoked && result.attempt == 0)
        guard value.count <= TyrantKey.valueLimit else {
            throw DriverError(
                .refused, "the result of \(id) has \(value.count) bytes; \(location) takes \(TyrantKey.valueLimit)",
                hint: "let the task return the name of a file", subject: id)
        }
    }
}
