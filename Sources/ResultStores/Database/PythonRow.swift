import CeleryCore
import Pickle
import SQLite
import Wire

/// A row of the task table.
///
/// Celery up to version 5.6 reads results only as pickles; 5.7 reads JSON, or pickles of a later protocol than 1, with a
/// warning. So pickles, of protocol 2, are written only on request.
struct PythonRow: Sendable {
    private let values: [String: SQLiteValue]

    /// Columns written, where the table has them. Arguments and stamps are left unchanged.
    private static let written = [
        "task_id", "status", "result", "date_done", "traceback", "children", "name", "worker", "retries", "queue",
    ]

    /// Columns read; missing columns read as NULL.
    private static let read = [
        "status", "result", "date_done", "traceback", "children", "name", "worker", "retries", "queue",
    ]

    init(_ result: TaskResult, _ format: PythonResultFormat, now: Timestamp) {
        let value = ResultDocument.value(of: result)
        // A row without a date would never expire.
        let date = result.state.isReady ? result.dateDone ?? now : nil
        values = [
            "task_id": .text(result.id.text),
            "status": .text(result.state.name),
            "result": Self.stored(value, format),
            "date_done": SQLiteValue(text: date.map { ISO8601.databaseText($0) }),
            "traceback": SQLiteValue(text: result.traceback),
            "children": result.children.isEmpty
                ? .null : .blob(JSON.array(result.children).bytes(style: .python)),
            "name": SQLiteValue(text: result.task),
            "worker": SQLiteValue(text: result.worker),
            "retries": .integer(Int64(result.retries)),
            "queue": SQLiteValue(text: result.queue),
        ]
    }

    private static func stored(_ value: JSON, _ format: PythonResultFormat) -> SQLiteValue {
        switch format {
        case .json: .blob(value.bytes(style: .python))
        case .pickle: value.isNull ? .null : .blob(PickleWriter.bytes(of: value))
        }
    }

    /// Stores the row, unless a final result is already stored.
    func store(layout: Set<String>, in db: Database) throws {
        let columns = Self.written.filter(layout.contains)
        let statement = try db.cachedStatement(sql: """
            INSERT INTO \(PythonTables.tasks) (\(columns.joined(separator: ", ")))
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
            ON CONFLICT (task_id) DO UPDATE SET
                \(columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
            WHERE coalesce(\(PythonTables.tasks).status, '') NOT IN ('SUCCESS', 'FAILURE', 'REVOKED')
            """)
        try statement.execute(arguments: StatementArguments(columns.map { values[$0] ?? .null }))
    }

    /// Reads the result of a task.
    ///
    /// A result that is neither JSON nor a pickle becomes a failure that says so, as in Python; other results requested with it
    /// remain readable.
    static func fetch(_ id: TaskID, layout: Set<String>, in db: Database, of path: String) throws -> TaskResult? {
        let columns = read.map { layout.contains($0) ? $0 : "NULL" }
        let statement = try db.cachedStatement(
            sql: "SELECT \(columns.joined(separator: ", ")) FROM \(PythonTables.tasks) WHERE task_id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id.text]) else { return nil }
        var result = TaskResult(id: id, state: TaskState(name: text(row[0]) ?? TaskState.pending.name))
        do {
            let value = try PythonValue.json(bytes(row[1]), isException: result.state.isException)
            (result.value, result.failure) = ResultDocument.outcome(value, state: result.state)
            // Children are secondary: unreadable ones do not invalidate the value.
            result.children = (try? PythonValue.json(bytes(row[4]), isException: false))?.arrayValue ?? []
        } catch {
            if result.state == .success { result.state = .failure }
            if result.state.isException { result.failure = .unreadable(error, in: path) }
        }
        // Python dates every row that it changes twice, final or not.
        if result.state.isReady { result.dateDone = text(row[2]).flatMap { ISO8601.timestamp($0) } }
        result.traceback = text(row[3])
        result.task = text(row[5])
        result.worker = text(row[6])
        result.retries = (row[7] as SQLiteValue).integer.flatMap { Int(exactly: $0) } ?? 0
        result.queue = text(row[8])
        return result
    }

    /// Any value as text: SQLite columns store values of any type.
    private static func text(_ value: SQLiteValue) -> String? {
        switch value {
        case .null: nil
        case .text(let text): text
        case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        case .real(let number): String(number)
        }
    }

    private static func bytes(_ value: SQLiteValue) -> [UInt8]? {
        if case .blob(let bytes) = value { return bytes }
        return text(value).map { Array($0.utf8) }
    }
}

extension TaskFailure {
    /// The error that Python would raise.
    fileprivate static func unreadable(_ error: any Error, in path: String) -> TaskFailure {
        let reason = "cannot read the result in \(path): \(error)"
        let advice = "have Python write results with result_serializer = \"json\" or \"pickle\""
        return TaskFailure(type: "DecodeError", arguments: [.string("\(reason); \(advice)")], module: "kombu.exceptions")
    }
}
