import CeleryCore
import CeleryDB
import SQLite

/// Outcomes that one worker settles together.
struct SQLiteSettlement: Sendable {
    /// Key of the worker's row.
    var worker: Int64
    var outcomes: [Outcome]

    /// What the settings say of settling.
    struct Terms: Sendable {
        /// Seconds that results are kept.
        var resultExpires: Double?
        /// Seconds that output is kept.
        var outputExpires: Double?
        /// The size in bytes up to which the arguments of a message are kept with its result.
        var argumentLimit: Int
        var ranking: MessageRanking
    }

    /// Records the outcomes, within a transaction.
    ///
    /// - Returns: For each, whether it counted.
    func commit(_ terms: Terms, now: Timestamp, in db: Database) throws -> [Bool] {
        let expires = terms.resultExpires.map { now.seconds + $0 }
        let outputExpires = terms.outputExpires.map { now.seconds + $0 }
        // The fence: an outcome counts only for a lease still held.
        let counted = try outcomes.map { outcome in
            // Before the lease ends, since the slot would be freed with it.
            if outcome.keepsSlot, try LeaseTable.isHeld(outcome.handle, by: worker, in: db) {
                try LimitTable.keepSlot(of: outcome.handle.tag, for: worker, in: db)
            }
            return try LeaseTable.end(outcome.handle, of: worker, in: db)
        }
        var done: [Int64] = []
        for (outcome, isCounted) in zip(outcomes, counted) where isCounted {
            for message in outcome.followUps { try MessageTable.insertIfNew(message, submitted: now, ranking: terms.ranking, in: db) }
            for result in outcome.results {
                try ResultTable.store(result, of: outcome.handle.tag, keeping: terms.argumentLimit, expires: expires, now: now, in: db)
            }
            if let output = outcome.output { try OutputTable.keep(output, expires: outputExpires, in: db) }
            switch outcome.disposition {
            case .acknowledge:
                done.append(outcome.handle.tag)
            case .retry(let message):
                try MessageTable.retry(
                    outcome.handle.tag, with: message, attempt: outcome.handle.attempt, now: now, ranking: terms.ranking, in: db)
            case .bury(_, let burial):
                try DeadLetterTable.bury(outcome.handle.tag, burial, in: db)
                done.append(outcome.handle.tag)
            }
        }
        try MessageTable.delete(done, in: db)
        return counted
    }
}
