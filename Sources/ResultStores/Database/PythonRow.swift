import CeleryCore
import Pickle
import SQL
import Wire

/// A row of the task table.
///
/// Celery up to version 5.6 reads results only as pickles; 5.7 reads JSON, or pickles of a later protocol than 1, with a
/// warning. So pickles, of protocol 2, are written only on request.
struct PythonRow: Sendable {
    let id: TaskID
    private let isFinal: Bool
    private let attempt: Int
    private var values: [String: SQLValue]

    /// Columns written, where the table has them. Arguments and stamps are left unchanged.
    private static let written = [
        "task_id", "status", "result", "date_done", "traceback", "children", "name", "worker", "retries", "queue", "attempt",
    ]

    /// Columns read after the id; missing columns read as NULL.
    private static let read = [
        "status", "result", "date_done", "traceback", "children", "name", "worker", "retries", "queue", "attempt",
    ]

    // The attempt counts only while nobody else has changed the row: Python, which leaves it alone, dates each row that it changes, and
    // here only final ones get a date.

    /// States that nothing replaces.
    private static let final = ["SUCCESS", "FAILURE", "REVOKED"]

    init(_ result: TaskResult, _ format: PythonResultFormat, now: Timestamp) {
        id = result.id
        let value = ResultDocument.value(of: result)
        // A row without a date would never expire.
        let date = result.state.isReady ? result.dateDone ?? now : nil
        isFinal = Self.final.contains(result.state.name)
        attempt = result.attempt
        values = [
            "task_id": .text(result.id.text),
            "status": .text(result.state.name),
            "result": Self.stored(value, format),
            "date_done": SQLValue(text: date.map { ISO8601.databaseText($0) }),
            "traceback": SQLValue(text: result.traceback),
            "children": result.children.isEmpty
                ? .null : .blob(JSON.array(result.children).bytes(style: .python)),
            "name": SQLValue(text: result.task),
            "worker": SQLValue(text: result.worker),
            "retries": .integer(Int64(result.retries)),
            "queue": SQLValue(text: result.queue),
            "attempt": .integer(Int64(result.attempt)),
        ]
    }

    private static func stored(_ value: JSON, _ format: PythonResultFormat) -> SQLValue {
        switch format {
        case .json: .blob(value.bytes(style: .python))
        case .pickle: value.isNull ? .null : .blob(PickleWriter.bytes(of: value))
        }
    }

    private var size: Int { values.values.reduce(0) { $0 + $1.size } }

    /// Whether one statement stores them all, at a server that has such statements.
    static func fitOneStatement(_ rows: [PythonRow]) -> Bool {
        rows.count <= SQLDialect.rowsPerServerStatement && rows.dropLast().reduce(0) { $0 + $1.size } < SQLDialect.bytesPerStatement
    }

    /// One row for each task: of several results of one, what came of storing them in this order.
    static func folded(_ rows: [PythonRow]) -> [PythonRow] {
        var places: [TaskID: Int] = [:]
        var folded: [PythonRow] = []
        for row in rows {
            guard let place = places[row.id] else {
                places[row.id] = folded.count
                folded.append(row)
                continue
            }
            if !folded[place].isFinal, folded[place].attempt <= row.attempt { folded[place] = row }
        }
        return folded
    }

    /// Stores rows, unless a final result is already stored.
    ///
    /// - Parameter rows: One for each task.
    /// - Throws: `DriverError.refused` for a result that the table cannot take; then none is stored.
    static func store(_ rows: [PythonRow], layout: SQLTableLayout, in db: any SQLConnection, of location: String) throws {
        let dialect = db.dialect
        let columns = PythonTables.tasks.columns(Self.written.filter(layout.has))
        var guardian = SQLDialect.Guard("status", final)
        if layout.has("attempt") { guardian.newer = (number: "attempt", whileNull: "date_done") }
        // Two who store the same results take them in the same order, so that neither waits for the other.
        let rows = try rows.map { try $0.fitted(to: layout, of: location) }.sorted { $0.id.text < $1.id.text }
        var start = 0
        while start < rows.count {
            var end = start
            var size = 0
            while end < rows.count, end - start < dialect.rowsPerStatement, size < SQLDialect.bytesPerStatement {
                size += rows[end].size
                end += 1
            }
            try db.upsert(
                into: PythonTables.tasks.name, columns, rows[start..<end].map { row in columns.map { row.values[$0.name] ?? .null } },
                changing: columns.dropFirst().map(\.name), sequence: PythonTables.tasks.sequence(layout, dialect), unless: guardian)
            start = end
        }
    }

    /// The row with what the columns take: of what only describes the task, as much as there is room for.
    private func fitted(to layout: SQLTableLayout, of location: String) throws -> PythonRow {
        var row = self
        for (name, value) in values {
            guard let column = layout.columns[name], let limit = column.limit else { continue }
            switch value {
            case .blob(let bytes) where bytes.count > limit:
                throw DriverError(
                    .refused,
                    "the \(name) of \(id) has \(bytes.count) bytes; column \(name) of \(PythonTables.tasks.name) in \(location) takes \(limit)",
                    hint: "let it take more: ALTER TABLE \(PythonTables.tasks.name) MODIFY \(name) LONGBLOB", subject: id)
            case .text(let text) where text.utf8.contains(0) || (column.isLimitInBytes ? text.utf8.count : text.unicodeScalars.count) > limit:
                guard name != "task_id", name != "status" else {
                    throw DriverError(
                        .refused, "the \(name == "status" ? "state" : "id") of \(id) is too long for column \(name), or has a NUL in it", subject: id)
                }
                row.values[name] = .text(text.shortened(to: limit, inBytes: column.isLimitInBytes))
            default: continue
            }
        }
        // Its column has no limit in some databases.
        if case .text(let text) = values["traceback"], layout.columns["task_id"]?.limit != nil, text.utf8.contains(0) {
            row.values["traceback"] = .text(text.shortened(to: layout.columns["traceback"]?.limit ?? .max, inBytes: true))
        }
        return row
    }

    // MARK: Reading

    /// Reads the results of tasks.
    ///
    /// A result that is neither JSON nor a pickle becomes a failure that says so, as in Python; other results requested with it
    /// remain readable.
    static func fetch(
        _ ids: [TaskID], layout: SQLTableLayout, in db: any SQLConnection, of location: String
    ) throws -> [TaskID: TaskResult] {
        let dialect = db.dialect
        let columns = read.map { layout.has($0) ? $0 == "date_done" ? dialect.time($0) : $0 : "NULL" }
        // Nobody can have stored these.
        let ids = dialect.kind == .sqlite ? ids : ids.distinct.filter { !$0.text.utf8.contains(0) }
        let step = dialect.keysPerStatement
        var found: [TaskID: TaskResult] = [:]
        for start in stride(from: 0, to: ids.count, by: step) {
            let part = ids[start..<min(start + step, ids.count)]
            let sql = """
                SELECT task_id, \(columns.joined(separator: ", ")) FROM \(PythonTables.tasks.name) \
                WHERE task_id IN (\(dialect.parameters(part.count)))
                """
            let wanted = Set(part)
            for row in try db.rows(sql, part.map { .text($0.text) }) {
                // A table of MySQL may not tell `a` from `A`.
                guard let id = row[0].text.map({ TaskID($0) }), wanted.contains(id) else { continue }
                found[id] = result(id, row, of: location)
            }
        }
        return found
    }

    private static func result(_ id: TaskID, _ row: [SQLValue], of location: String) -> TaskResult {
        var result = TaskResult(id: id, state: TaskState(name: row[1].text ?? TaskState.pending.name))
        do {
            let value = try PythonValue.json(row[2].bytes, isException: result.state.isException)
            (result.value, result.failure) = ResultDocument.outcome(value, state: result.state)
            // Children are secondary: unreadable ones do not invalidate the value.
            result.children = (try? PythonValue.json(row[5].bytes, isException: false))?.arrayValue ?? []
        } catch {
            if result.state == .success { result.state = .failure }
            if result.state.isException { result.failure = .unreadable(error, in: location) }
        }
        // Python dates every row that it changes twice, final or not.
        if result.state.isReady { result.dateDone = row[3].text.flatMap { ISO8601.timestamp($0) } }
        result.traceback = row[4].text
        result.task = row[6].text
        result.worker = row[7].text
        result.retries = row[8].integer.flatMap { Int(exactly: $0) } ?? 0
        result.queue = row[9].text
        // Python's rows have none.
        if let attempt = row[10].integer.flatMap({ Int(exactly: $0) }) { result.attempt = attempt }
        return result
    }
}

extension String {
    /// The end of the text, which says most of a traceback, after three dots; without NULs, which not all databases store.
    fileprivate func shortened(to limit: Int, inBytes: Bool) -> String {
        let text = unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }
        var size = text.reduce(0) { $0 + (inBytes ? UTF8.width($1) : 1) }
        guard size > limit else { return String(String.UnicodeScalarView(text)) }
        var rest = text[...]
        while size > limit - 3, let first = rest.popFirst() { size -= inBytes ? UTF8.width(first) : 1 }
        return "..." + String(String.UnicodeScalarView(rest))
    }
}

extension TaskFailure {
    /// The error that Python would raise.
    fileprivate static func unreadable(_ error: any Error, in location: String) -> TaskFailure {
        let reason = "cannot read the result in \(location): \(error)"
        let advice = "have Python write results with result_serializer = \"json\" or \"pickle\""
        return TaskFailure(type: "DecodeError", arguments: [.string("\(reason); \(advice)")], module: "kombu.exceptions")
    }
}
