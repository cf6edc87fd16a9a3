package import CeleryCore
import CeleryDB
import SQLite
import Wire

// There may be a million messages to remove. First the command is stored, so that no worker takes any of the messages
// (`SQLiteConsumer.take`); then the messages are removed a few at a time, so that other processes can write in between. After an
// interruption, workers drop the remaining messages.
extension SQLiteBroker: Revoking {
    package func endsInto(_ store: any ResultStore) -> Bool { (store as? any SQLiteFileHolding)?.file === file }

    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws -> RevocationReport {
        var report = RevocationReport()
        var named = revocations.filter { $0.target.id != nil }[...]
        var size = PieceSize()
        while !named.isEmpty {
            let some = Array(named.prefix(size.rows))
            named = named.dropFirst(some.count)
            let (piece, duration) = try await revoke(named: some, ending)
            size.note(duration)
            report.fates.merge(piece.fates) { $1 }
            if !piece.removed.isEmpty { try await removed(piece.removed) }
            try await file.letOthersWrite()
        }
        let rules = revocations.filter { $0.target.id == nil }
        guard !rules.isEmpty else { return report }
        let now = self.now()
        try await file.write(waking: true) { db in
            try StandingCommandTable.dropEnded(now: now, in: db)
            for rule in rules { try StandingCommandTable.add(rule, in: db) }
        }
        for rule in rules { try await remove(by: rule, ending, &report, removed) }
        return report
    }

    /// Result of one transaction.
    private struct Piece: Sendable {
        var fates: [TaskID: RevocationReport.Fate] = [:]
        var removed: [RemovedMessage] = []
    }

    /// Removes waiting messages, and stores a standing command for the others.
    private func revoke(
        named revocations: [Revocation], _ ending: @escaping @Sendable (Message, Int) -> Outcome
    ) async throws -> (Piece, Duration) {
        let now = self.now()
        return try await file.write(waking: true) { [self] db in
            let start = ContinuousClock.now
            var piece = Piece()
            try StandingCommandTable.dropEnded(now: now, in: db)
            let find = try db.cachedStatement(sql: "SELECT tag FROM message WHERE id = ?")
            for revocation in revocations {
                guard let id = revocation.target.id else { continue }
                if let tag = try Int64.fetchOne(find, arguments: [id.text]) { try end(tag, ending, now, &piece, in: db) }
                if piece.fates[id] == nil {
                    let state = try ResultTable.fetch(id, now: now, in: db)?.state
                    piece.fates[id] = state?.isReady == true ? .finished : .unknown
                }
                // A message that is gone needs no standing command.
                if [.removed, .finished].contains(piece.fates[id]) { continue }
                try StandingCommandTable.add(revocation, in: db)
            }
            return (piece, ContinuousClock.now - start)
        }
    }

    /// Removes waiting messages that a stored rule covers.
    private func remove(
        by rule: Revocation, _ ending: @escaping @Sendable (Message, Int) -> Outcome, _ report: inout RevocationReport,
        _ removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws {
        var size = PieceSize()
        var sweeps = [MessageSweep(of: .scheduled, rule), MessageSweep(of: .all, rule)]
        for index in sweeps.indices {
            while let places = try await nextPlaces(&sweeps[index], size.rows) {
                if places.isEmpty { continue }
                let now = self.now()
                // A power failure may undo this: then both the messages and the command are still there.
                let (piece, duration) = try await file.write(waking: true, durable: false) { [self] db in
                    let start = ContinuousClock.now
                    var piece = Piece()
                    for place in places { try end(place, ending, now, &piece, in: db) }
                    return (piece, ContinuousClock.now - start)
                }
                size.note(duration)
                for (id, fate) in piece.fates where fate == .held { report.fates[id] = fate }
                if !piece.removed.isEmpty { try await removed(piece.removed) }
                try await file.letOthersWrite()
            }
        }
    }

    private func nextPlaces(_ sweep: inout MessageSweep, _ limit: Int) async throws -> [MessageSweep.Place]? {
        let (next, places) = try await file.read { [sweep] db in
            var next = sweep
            let places = try next.next(limit, in: db)
            return (next, places)
        }
        sweep = next
        return places
    }

    private func end(
        _ tag: Int64, _ ending: (Message, Int) -> Outcome, _ now: Timestamp, _ piece: inout Piece, in db: Database
    ) throws {
        try end(MessageSweep.Place(tag: tag, due: nil), ending, now, &piece, in: db)
    }

    /// Removes a message if it waits.
    private func end(
        _ place: MessageSweep.Place, _ ending: (Message, Int) -> Outcome, _ now: Timestamp, _ piece: inout Piece, in db: Database
    ) throws {
        let find = try db.cachedStatement(sql: """
            SELECT m.headers, m.properties, m.body, m.id, m.task, m.queue, m.rank, l.tag
            FROM message m LEFT JOIN lease l ON l.tag = m.tag WHERE m.tag = ?
            """)
        guard let row = try Row.fetchOne(find, arguments: [place.tag]) else { return }
        let id = TaskID(row[3])
        if (row[7] as Int64?) != nil {
            piece.fates[id] = .held
            return
        }
        let queue: String = row[5]
        // An unreadable message stays, and fails when a worker takes it.
        guard let message = try? EncodedMessage(row: row, from: 0, queue: queue).message() else { return }
        let attempts = try MessageTable.remove(place.tag, queue: queue, rank: row[6], task: row[4], due: place.due ?? message.eta?.seconds, in: db)
        let outcome = ending(message, attempts + 1)
        let expires = resultExpires.map { now.seconds + $0 }
        for result in outcome.results { try ResultTable.store(result, keeping: argumentLimit, expires: expires, now: now, in: db) }
        for next in outcome.followUps { try MessageTable.insertIfNew(next, submitted: now, ranking: ranking, in: db) }
        piece.fates[id] = .removed
        piece.removed.append(RemovedMessage(id: id, outcome: outcome))
    }
}

extension SQLiteBroker: CommandShowing {
    package func standingCommands() async throws -> StandingCommands {
        let now = self.now()
        return try await file.read { db in
            var commands = StandingCommands()
            commands.revocations = try StandingCommandTable.revocations(after: 0, now: now, in: db).0
            commands.pauses = try StandingCommandTable.pauses(now: now, in: db)
            return commands
        }
    }

    package func pause(_ queue: String, _ pause: QueuePause) async throws {
        let now = self.now()
        try await file.write(waking: true) { db in
            try StandingCommandTable.dropEnded(now: now, in: db)
            try StandingCommandTable.pause(queue, pause, in: db)
        }
    }

    package func resume(_ queue: String) async throws -> Bool {
        let now = self.now()
        return try await file.write(waking: true) { db in try StandingCommandTable.resume(queue, now: now, in: db) }
    }

    package func pausedQueues() async throws -> [String: QueuePause] {
        let now = self.now()
        return try await file.read { db in try StandingCommandTable.pauses(now: now, in: db) }
    }
}
