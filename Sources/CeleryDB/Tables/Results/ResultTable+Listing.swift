package import CeleryCore
package import SQLite
import Wire

/// Pages of tasks with a result, newest first.
extension ResultTable {
    /// Selected tasks before a position, by their last change, newest first.
    ///
    /// Reads along an index if the filter names states other than SUCCESS, tasks, or a queue other than the default one; otherwise from the newest result backwards.
    package static func page(
        _ filter: TaskFilter, before position: Int64?, limit: Int, now: Timestamp, in db: Database
    ) throws -> [ListedTask] {
        try part(filter, before: position, limit: limit, now: now, until: nil, in: db).tasks
    }

    /// The same, until a deadline: then the part ends where the reading has.
    package static func part(
        _ filter: TaskFilter, before position: Int64?, limit: Int, now: Timestamp, until deadline: ContinuousClock.Instant?,
        in db: Database
    ) throws -> TaskPart {
        var end = position ?? .max
        if let until = filter.until { end = min(end, try firstNumber(changedSince: until, in: db) ?? .max) }
        let paths = try paths(filter, in: db)
        var found: [ListedTask] = []
        // Down to this number, every way has been read.
        var reached: Int64?
        for (index, path) in paths.enumerated() {
            let share = deadline.map { ContinuousClock.now + (ContinuousClock.now.duration(to: $0)) / (paths.count - index) }
            let part = try path.tasks(filter, before: end, limit: limit, now: now, until: share, in: db)
            found += part.tasks
            if let next = part.next { reached = max(reached ?? next, next) }
        }
        if let reached { found.removeAll { $0.position < reached } }
        found.sort { $0.position > $1.position }
        guard found.count > limit else { return TaskPart(found, next: reached) }
        return TaskPart(Array(found.prefix(limit)), next: limit > 0 ? found[limit - 1].position : end)
    }

    /// The ways through the table that together pass every selected result.
    private static func paths(_ filter: TaskFilter, in db: Database) throws -> [Path] {
        if let phases = filter.phases, !phases.contains(.success) {
            // A running task may have a state of its own.
            let states = try stateNames(in: db).filter { phases.contains(TaskPhase(TaskState(name: $0))) }
            return states.map { Path("+task NOT NULL AND state = ? AND state <> 'SUCCESS'", $0) }
        }
        guard let pattern = filter.task else {
            return [filter.queue.map { $0 == Route.defaultQueue } ?? true ? Path("true", nil) : .byQueue]
        }
        let names = try taskNames(in: db).filter { Glob.matches($0, pattern) }
        // Many short ways would cost more than one long one.
        return names.count > 100 ? [Path("true", nil)] : names.map { Path("task = ?", $0) }
    }

    /// One way through the table.
    private struct Path {
        var condition: String
        var argument: String?

        /// The index to read along, which SQLite would not choose by itself; empty leaves it the choice.
        var index = ""

        init(_ condition: String, _ argument: String?) { (self.condition, self.argument) = (condition, argument) }

        /// Tasks of any queue but the default one.
        static var byQueue: Path {
            var path = Path("queue <> 'celery'", nil)
            path.index = "INDEXED BY result_queue"
            return path
        }

        /// - Parameter deadline: With one, every row is looked at here, so that the reading can end at any.
        func tasks(
            _ filter: TaskFilter, before end: Int64, limit: Int, now: Timestamp, until deadline: ContinuousClock.Instant?, in db: Database
        ) throws -> TaskPart {
            var wanted: [String] = []
            var wantedArguments: [(any SQLiteConvertible)?] = []
            if let queue = filter.queue, index.isEmpty {
                wanted.append("queue = ?")
                wantedArguments.append(queue)
            }
            if let text = filter.text, let condition = TextCondition(text) {
                wanted.append(condition.sql)
                wantedArguments += condition.arguments.map { $0 as (any SQLiteConvertible)? }
            }
            let test = wanted.isEmpty ? "true" : wanted.joined(separator: " AND ")
            var conditions = [condition, "number < ?", "(expires IS NULL OR expires > ?)"]
            var arguments: [(any SQLiteConvertible)?] = [argument].compactMap(\.self) + [end, now.seconds]
            if let queue = filter.queue, !index.isEmpty {
                conditions.append("queue = ?")
                arguments.append(queue)
            }
            if deadline == nil { conditions.append(test) }
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: """
                    SELECT number, id, changed, submitted, task, queue, document, headers, properties, body\(deadline == nil ? "" : ", \(test)")
                    FROM result \(index) WHERE \(conditions.joined(separator: " AND ")) ORDER BY number DESC
                    """),
                arguments: StatementArguments(deadline == nil ? arguments + wantedArguments : wantedArguments + arguments))
            return try ListReading(
                filter: filter, limit: limit, end: end, deadline: deadline, nameColumn: 4, testColumn: deadline == nil ? nil : 10
            ).part(of: rows) { try ListedTask(result: $0) }
        }
    }

    /// The states of results but for SUCCESS. Jumps from one to the next in the index.
    private static func stateNames(in db: Database) throws -> [String] {
        try String.fetchAll(db, sql: """
            WITH RECURSIVE name (text) AS (
                SELECT min(state) FROM result WHERE state <> 'SUCCESS'
                UNION ALL SELECT (SELECT min(state) FROM result WHERE state <> 'SUCCESS' AND state > name.text) FROM name
                WHERE name.text IS NOT NULL
            )
            SELECT text FROM name WHERE text IS NOT NULL
            """)
    }

    /// Names of all tasks with a result. Jumps from name to name in the index.
    private static func taskNames(in db: Database) throws -> [String] {
        try String.fetchAll(db, sql: """
            WITH RECURSIVE name (text) AS (
                SELECT min(task) FROM result
                UNION ALL SELECT (SELECT min(task) FROM result WHERE task > name.text) FROM name WHERE name.text IS NOT NULL
            )
            SELECT text FROM name WHERE text IS NOT NULL
            """)
    }

    /// The number of the oldest result that changed at a time or later, since both grow together. Looks at some twenty rows.
    private static func firstNumber(changedSince time: Timestamp, in db: Database) throws -> Int64? {
        var low = try Int64.fetchOne(db, sql: "SELECT min(number) FROM result") ?? 0
        var high = try last(in: db) + 1
        let look = try db.cachedStatement(sql: "SELECT number, changed FROM result WHERE number >= ? ORDER BY number LIMIT 1")
        while low < high {
            let middle = low + (high - low) / 2
            guard let row = try Row.fetchOne(look, arguments: [middle]), (row[0] as Int64) < high else {
                high = middle
                continue
            }
            if (row[1] as Double?) ?? 0 >= time.seconds { high = middle } else { low = (row[0] as Int64) + 1 }
        }
        return low
    }
}

extension ListedTask {
    /// Reads a row of `ResultTable.page`.
    fileprivate init(result row: Row) throws {
        let result = try KeptResult.read(row[6])
        self.init(
            id: result.id, phase: TaskPhase(result.state), changed: Timestamp(seconds: row[2] ?? 0), position: row[0])
        self.result = result
        submitted = (row[3] as Double?).map(Timestamp.init)
        (task, queue) = (row[4], row[5])
        if (row[9] as [UInt8]?) != nil {
            request = try? EncodedMessage(row: row, from: 7, queue: queue ?? Route.defaultQueue).message()
        }
    }
}
