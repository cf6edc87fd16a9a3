package import CeleryCore
package import SQLite

/// Rows of the `statistics` table.
package enum StatisticsTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS statistics (
            -- Unix seconds; a minute, an hour or a day
            start INTEGER NOT NULL, length INTEGER NOT NULL,
            task TEXT NOT NULL,
            -- counts, seconds and a histogram, as JSON
            tally TEXT NOT NULL,
            PRIMARY KEY (start, length, task)
        ) WITHOUT ROWID;
        """

    /// Adds to the stored counts, and folds old periods.
    package static func add(_ ledger: StatisticsLedger, now: Timestamp, in db: Database) throws {
        for (period, tally) in ledger.tallies { try add(tally, in: period, db) }
        try fold(now: now, in: db)
    }

    /// All periods that had not ended at `since`.
    package static func ledger(since: Timestamp?, in db: Database) throws -> StatisticsLedger {
        var ledger = StatisticsLedger()
        let rows = try Row.fetchCursor(
            db, sql: "SELECT start, length, task, tally FROM statistics WHERE start + length > ?", arguments: [since?.seconds ?? 0])
        while let row = try rows.next() { ledger.add(try tally(row[3]), in: period(row)) }
        return ledger
    }

    package static func reset(in db: Database) throws { try db.execute(sql: "DELETE FROM statistics") }

    private static func add(_ tally: TaskTally, in period: StatisticsPeriod, _ db: Database) throws {
        let key: StatementArguments = [period.start, period.length, period.task]
        let find = try db.cachedStatement(sql: "SELECT tally FROM statistics WHERE start = ? AND length = ? AND task = ?")
        var sum = try String.fetchOne(find, arguments: key).map(Self.tally) ?? TaskTally()
        sum.add(tally)
        let write = try db.cachedStatement(sql: """
            INSERT INTO statistics (start, length, task, tally) VALUES (?, ?, ?, ?)
            ON CONFLICT (start, length, task) DO UPDATE SET tally = excluded.tally
            """)
        try write.execute(arguments: key + [sum.json.text(style: .compact)])
    }

    /// Few rows become old at a time: those of one minute, and now and then those of an hour.
    private static func fold(now: Timestamp, in db: Database) throws {
        for length in [60, 3_600, 86_400] {
            let rows = try Row.fetchAll(
                db, sql: "SELECT start, length, task, tally FROM statistics WHERE length = ? ORDER BY start LIMIT ?",
                arguments: [length, foldBatch])
            for row in rows {
                let old = period(row)
                let folded = old.folded(now: now)
                guard folded != old else { continue }
                try db.execute(
                    sql: "DELETE FROM statistics WHERE start = ? AND length = ? AND task = ?", arguments: [old.start, old.length, old.task])
                if let folded { try add(try tally(row[3]), in: folded, db) }
            }
        }
    }

    /// Limit of rows folded per report.
    private static let foldBatch = 200

    private static func period(_ row: Row) -> StatisticsPeriod { StatisticsPeriod(task: row[2], start: row[0], length: row[1]) }

    private static func tally(_ text: String) throws -> TaskTally {
        guard let json = try? JSON(parsing: Array(text.utf8)), let tally = TaskTally(json: json) else {
            throw DriverError(
                .unusable, "cannot read the statistics in the database; they were left unchanged",
                hint: "use the celery version that wrote them, or reset them: celery stats --reset")
        }
        return tally
    }
}
