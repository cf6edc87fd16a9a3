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
        var end = position ?? .max
        if let until = filter.until { end = min(end, try firstNumber(changedSince: until, in: db) ?? .max) }
        var found: [ListedTask] = []
        for path in try paths(filter, in: db) {
            found += try path.tasks(filter, before: end, limit: limit, now: now, in: db)
        }
        found.sort { $0.position > $1.position }
        return Array(found.prefix(limit))
    }

    /// The ways through the table that together pass every selected result.
    private static func paths(_ filter: TaskFilter, in db: Database) throws -> [Path] {
        let states = filter.phases.map { phases in stateNames.filter { phases.contains($0.phase) }.map(\.name) }
        // A running task may have a state of its own, which no list of names can hold.
        let hasOwnStates = filter.phases?.contains(.started) ?? true
        if let states, !hasOwnStates, !states.contains("SUCCESS") {
            return states.map { Path("+task NOT NULL AND state = ? AND state <> 'SUCCESS'", $0) }
        }
        guard let pattern = filter.task else {
            return [filter.queue.map { $0 == Route.defaultQueue } ?? true ? Path("true", nil) : .byQueue]
        }
        let names = try taskNames(in: db).filter { Glob.matches($0, pattern) }
        // Many short ways would cost more than one long one.
        return names.count > 100 ? [Path("true", nil)] : names.map { Path("task = ?", $0) }
    }

    private static let stateNames: [(name: String, phase: TaskPhase)] = [
        TaskState.started, .retry, .success, .failure, .revoked,
    ].map { ($0.name, TaskPhase($0)) }

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

        func tasks(
            _ filter: TaskFilter, before end: Int64, limit: Int, now: Timestamp, in db: Database
        ) throws -> [ListedTask] {
            var conditions = [condition, "number < ?", "(expires IS NULL OR expires > ?)"]
            var arguments: [(any SQLiteConvertible)?] = [argument].compactMap(\.self) + [end, now.seconds]
            if let queue = filter.queue {
                conditions.append("queue = ?")
                arguments.append(queue)
            }
            if let text = filter.text, let condition = TextCondition(text) {
                conditions.append(condition.sql)
                arguments += condition.arguments.map { $0 as (any SQLiteConvertible)? }
            }
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: """
                    SELECT number, id, changed, submitted, task, queue, document, headers, properties, body FROM result \(index)
                    WHERE \(conditions.joined(separator: " AND ")) ORDER BY number DESC
                    """),
                arguments: StatementArguments(arguments))
            var found: [ListedTask] = []
            while found.count < limit, let row = try rows.next() {
                let task = try ListedTask(result: row)
                if let since = filter.since, task.changed < since { break }
                if let pattern = filter.task, !Glob.matches(task.task ?? "", pattern) { continue }
                if filter.selects(task), task.contains(textOf: filter) { found.append(task) }
            }
            return found
        }
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
