import CeleryCore
import CeleryDB
import SQL
import Wire

/// Pages of tasks with a result, newest first.
///
/// Reads along an index of states, of tasks or of queues, whichever the filter names first, and the times as the numbers that results have.
/// A text is looked for in every result that the rest selects.
struct PostgreSQLPage {
    /// Results that are read at once, when a text is looked for.
    static let textStep = 200
    /// More names of tasks than these are looked for in one way through all results, not in one for each.
    private static let mostNames = 100

    /// Rows of the first step of a part, and of the longest one.
    static let firstStep = 64
    static let longestStep = 4_096

    private static let columns = "number, id, submitted::text AS submitted, document, task, queue, headers, properties, body"

    private let now: Timestamp
    /// The column that is read along, and the values that select: each in a way of its own.
    private var axis: (column: String, values: [String])?
    /// Other columns, and the values that are selected.
    private var others: [(column: String, values: [String])] = []
    private let text: String?
    private let begin: Int64
    /// The number before which the next page begins.
    private(set) var end: Int64

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
        let query = query(limit)
        let sql = along("SELECT \(Self.columns) FROM celery_result WHERE \((query.range + query.tests).joined(separator: " AND "))", query.rows)
        let tasks = try db.rows(sql, arrays: arrays, query.values).map { try ListedTask(result: $0, of: location) }
        if let last = tasks.last { end = last.position }
        return tasks
    }

    /// Reads some rows along the way, whether they are selected or not, so that it takes no longer where few are.
    ///
    /// - Parameter limit: The most tasks; `end` is then behind the last of them.
    /// - Returns: The selected tasks among the rows, and whether there are no rows behind these.
    mutating func step(
        _ rows: Int, limit: Int, in db: any SQLArrayConnection, of location: String
    ) throws -> (tasks: [ListedTask], isLast: Bool) {
        var query = query(rows)
        let tests = query.tests.joined(separator: " AND ")
        let way = along(
            "SELECT \(Self.columns), (\(tests)) AS fits FROM celery_result WHERE \(query.range.joined(separator: " AND "))", query.rows)
        query.values.append(.integer(Int64(limit)))
        // There is a row in any case, which tells how far the step came.
        let sql = """
            WITH step AS MATERIALIZED (\(way))
            SELECT found.*, (SELECT min(number) FROM step), (SELECT count(*) FROM step)
            FROM (SELECT 1) AS one LEFT JOIN (
                SELECT number, id, submitted, document, task, queue, headers, properties, body
                FROM step WHERE fits ORDER BY number DESC LIMIT $\(arrays.count + query.values.count)
            ) AS found ON true ORDER BY found.number DESC NULLS LAST
            """
        let answer = try db.rows(sql, arrays: arrays, query.values)
        let tasks = try answer.filter { $0[0].integer != nil }.map { try ListedTask(result: Array($0[..<9]), of: location) }
        let reached = answer.first.map { (number: $0[9].integer, count: $0[10].integer ?? 0) }
        if tasks.count == limit, let last = tasks.last {
            end = last.position
            return (tasks, false)
        }
        if let number = reached?.number { end = number }
        return (tasks, Int(reached?.count ?? 0) < rows)
    }

    /// Arrays come first among the parameters.
    private var arrays: [[SQLValue]] { ([axis].compactMap(\.self) + others).map { $0.values.map(SQLValue.text) } }

    /// See the index `celery_result_number`.
    private var number: String { axis == nil ? "number + 0" : "number" }

    /// A query along the way, in its order; along several ways, by all of them together.
    ///
    /// - Parameter rows: The parameter with the most rows.
    private func along(_ query: String, _ rows: String) -> String {
        guard let axis else { return "\(query) ORDER BY \(number) DESC LIMIT \(rows)" }
        return """
            SELECT r.* FROM unnest($1) AS way (value),
            LATERAL (\(query) AND \(axis.column) = way.value ORDER BY number DESC LIMIT \(rows)) AS r ORDER BY r.number DESC LIMIT \(rows)
            """
    }

    /// Conditions that an index knows, those that each row is tested by, the parameter with the most rows, and the single values.
    private func query(_ most: Int) -> (range: [String], tests: [String], rows: String, values: [SQLValue]) {
        var values: [SQLValue] = [.integer(end), .integer(begin), SQLValue(seconds: now.seconds), .integer(Int64(most))]
        let first = arrays.count + 1
        var tests = ["(expires IS NULL OR expires > $\(first + 2)::double precision)"]
        for (index, other) in others.enumerated() { tests.append("\(other.column) = ANY($\(index + (axis == nil ? 1 : 2)))") }
        if let text {
            let parameter = "$\(first + values.count)::text"
            values.append(.text(text))
            // Unusual properties tell of a body that is compressed or not JSON.
            tests.append(
                "(position(\(parameter) IN document) > 0 OR position(convert_to(\(parameter), 'UTF8') IN body) > 0 OR properties IS NOT NULL)")
        }
        return (["\(number) < $\(first)", "\(number) >= $\(first + 1)"], tests, "$\(first + 3)", values)
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
