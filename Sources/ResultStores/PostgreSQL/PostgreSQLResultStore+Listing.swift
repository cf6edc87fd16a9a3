package import CeleryCore
import CeleryDB
import SQL
import Wire

extension PostgreSQLResultStore: ResultListing {
    package func listedTasks(_ filter: TaskFilter, before position: Int64?, limit: Int) async throws -> [ListedTask] {
        guard limit > 0 else { return [] }
        let now = self.now()
        // Whoever looks for a text may read a whole table.
        return try await readTables(isLong: filter.text != nil) { [location] db in
            guard var page = try PostgreSQLPage(filter, before: position, now: now, in: db) else { return [] }
            var found: [ListedTask] = []
            while found.count < limit {
                let wanted = filter.text == nil ? limit : max(limit, PostgreSQLPage.textStep)
                let tasks = try page.next(wanted, in: db, of: location)
                found += tasks.filter { $0.contains(textOf: filter) }.prefix(limit - found.count)
                if tasks.count < wanted { break }
            }
            return found
        } ?? []
    }
}

/// Pages of tasks with a result, newest first.
///
/// Reads along an index of states, of tasks or of queues, whichever the filter names first, and the times as the numbers that results have.
/// A text is looked for in every result that the rest selects.
private struct PostgreSQLPage {
    /// Results that are read at once, when a text is looked for.
    static let textStep = 200
    /// More names of tasks than these are looked for in one way through all results, not in one for each.
    private static let mostNames = 100

    private static let columns = "number, id, submitted::text, document, task, queue, headers, properties, body"

    private let now: Timestamp
    /// The column that is read along, and the values that select: each in a way of its own.
    private var axis: (column: String, values: [String])?
    /// Other columns, and the values that are selected.
    private var others: [(column: String, values: [String])] = []
    private let text: String?
    private let begin: Int64
    /// The number before which the next page begins.
    private var end: Int64

    /// - Returns: `nil` if nothing can be selected.
    init?(_ filter: TaskFilter, before position: Int64?, now: Timestamp, in db: any SQLArrayConnection) throws {
        self.now = now
        text = filter.text.flatMap { TextCondition.isSpelledOneWay($0) ? $0 : nil }
        begin = filter.since.map(PostgreSQLResultStore.number) ?? 0
        end = min(position ?? .max, filter.until.map(PostgreSQLResultStore.number) ?? .max)
        var restrictions: [(column: String, values: [String])] = []
        if let phases = filter.phases {
            // A running task may have a state of its own.
            let states = try Self.values(of: "state", in: db).filter { phases.contains(TaskPhase(TaskState(name: $0))) }
            restrictions.append(("state", states))
        }
        if let pattern = filter.task {
            restrictions.append(("task", try Self.values(of: "task", in: db).filter { Glob.matches($0, pattern) }))
        }
        if let queue = filter.queue { restrictions.append(("queue", [PostgreSQLResultRow.column(queue)])) }
        if restrictions.contains(where: { $0.values.isEmpty }) { return nil }
        // Most tasks are successes: any other way is shorter.
        let places = restrictions.indices.filter { restrictions[$0].values.count <= Self.mostNames }
        if let place = places.first(where: { !restrictions[$0].values.contains("SUCCESS") }) ?? places.first { axis = restrictions.remove(at: place) }
        others = restrictions
    }

    /// The values of a column with an index, however many results there are. Jumps from one to the next.
    private static func values(of column: String, in db: any SQLArrayConnection) throws -> [String] {
        try db.rows("""
            WITH RECURSIVE found (value) AS (
                SELECT min(\(column)) FROM celery_result
                UNION ALL SELECT (SELECT min(\(column)) FROM celery_result WHERE \(column) > found.value) FROM found WHERE found.value IS NOT NULL
            )
            SELECT value FROM found WHERE value IS NOT NULL
            """).compactMap { $0[0].text }
    }

    /// The next tasks; fewer than asked for when there are no more.
    mutating func next(_ limit: Int, in db: any SQLArrayConnection, of location: String) throws -> [ListedTask] {
        // Arrays come first among the parameters.
        let arrays = ([axis].compactMap(\.self) + others).map { $0.values.map(SQLValue.text) }
        var values: [SQLValue] = [.integer(end), .integer(begin), SQLValue(seconds: now.seconds), .integer(Int64(limit))]
        let first = arrays.count + 1
        // See the index `celery_result_number`.
        let number = axis == nil ? "number + 0" : "number"
        var conditions = [
            "\(number) < $\(first)", "\(number) >= $\(first + 1)", "(expires IS NULL OR expires > $\(first + 2)::double precision)",
        ]
        for (index, other) in others.enumerated() { conditions.append("\(other.column) = ANY($\(index + (axis == nil ? 1 : 2)))") }
        if let text {
            let parameter = "$\(first + values.count)::text"
            values.append(.text(text))
            // Unusual properties tell of a body that is compressed or not JSON.
            conditions.append(
                "(position(\(parameter) IN document) > 0 OR position(convert_to(\(parameter), 'UTF8') IN body) > 0 OR properties IS NOT NULL)")
        }
        func query(_ conditions: [String]) -> String {
            "SELECT \(Self.columns) FROM celery_result WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(number) DESC LIMIT $\(first + 3)"
        }
        var sql = query(conditions)
        if let axis {
            sql = """
                SELECT r.* FROM unnest($1) AS way (value),
                LATERAL (\(query(["\(axis.column) = way.value"] + conditions))) AS r ORDER BY r.number DESC LIMIT $\(first + 3)
                """
        }
        let tasks = try db.rows(sql, arrays: arrays, values).map { try ListedTask(result: $0, of: location) }
        if let last = tasks.last { end = last.position }
        return tasks
    }
}

extension ListedTask {
    /// Reads a row of `PostgreSQLPage`.
    fileprivate init(result row: [SQLValue], of location: String) throws {
        let number = row[0].integer ?? 0
        let result = try PostgreSQLResultStore.result(row[3], submitted: row[2], of: row[1].text ?? "", location)
        self.init(id: result.id, phase: TaskPhase(result.state), changed: PostgreSQLResultStore.time(of: number), position: number)
        self.result = result
        submitted = row[2].seconds.map(Timestamp.init)
        (task, queue) = (row[4].text, row[5].text)
        request = PostgreSQLResultStore.message(row[5...])
    }
}
