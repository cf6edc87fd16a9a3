import CeleryCore
import Pickle
import SQLite
import Wire

/// A row of the table of tasks.
///
/// Versions up to 5.6 read a result as a pickle only, 5.7 as JSON or as a pickle of a later
/// protocol than 1. So a pickle of protocol 2 is what all of them read, and what is written here.
struct PythonRow: Sendable {
    private let values: [String: SQLiteValue]

    /// Columns written, where the table has them. Arguments and stamps are left as they are.
    private static let written = [
        "task_id", "status", "result", "date_done", "traceback", "children", "name", "worker", "retries", "queue",
    ]

    /// Columns read; absent ones as NULL.
    private static let read = [
        "status", "result", "date_done", "traceback", "children", "name", "worker", "retries", "queue",
    ]

    init(_ result: TaskResult, now: Timestamp) {
        let value = ResultDocument.value(of: result)
        // Without a date it would never expire.
        let date = result.state.isReady ? result.dateDone ?? now : nil
        values = [
            "task_id": .text(result.id.text),
            "status": .text(result.state.name),
            "result": value.isNull ? .null : .blob(PickleWriter.bytes(of: value)),
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

    /// Records it, unless a final result stands there already.
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
    /// One that is neither JSON nor a pickle is a failure, as it is for Python, and says so: other
    /// results that are asked for with it are readable all the same.
    static func fetch(_ id: TaskID, layout: Set<String>, in db: Database, of path: String) throws -> TaskResult? {
        let columns = read.map { layout.contains($0) ? $0 : "NULL" }
        let statement = try db.cachedStatement(
            sql: "SELECT \(columns.joined(separator: ", ")) FROM \(PythonTables.tasks) WHERE task_id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id.text]) else { return nil }
        var result = TaskResult(id: id, state: TaskState(name: text(row[0]) ?? TaskState.pending.name))
        do {
            let value = try PythonValue.json(bytes(row[1]), isException: result.state.isException)
            (result.value, result.failure) = ResultDocument.outcome(value, state: result.state)
            // Children are for those who look further; a value is not lost for them.
            result.children = (try? PythonValue.json(bytes(row[4]), isException: false))?.arrayValue ?? []
        } catch {
            if result.state == .success { result.state = .failure }
            if result.state.isException { result.failure = .unreadable(error, in: path) }
        }
        // Python gives a date to rows that it changes twice, final or not.
        if result.state.isReady { result.dateDone = text(row[2]).flatMap { ISO8601.timestamp($0) } }
        result.traceback = text(row[3])
        result.task = text(row[5])
        result.worker = text(row[6])
        result.retries = (row[7] as SQLiteValue).integer.flatMap { Int(exactly: $0) } ?? 0
        result.queue = text(row[8])
        return result
    }

    /// Any value as a text: SQLite keeps in a column whatever it is given.
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
    /// What Python would raise.
    fileprivate static func unreadable(_ error: any Error, in path: String) -> TaskFailure {
        let reason = "the result in \(path) cannot be read: \(error)"
        let advice = "have Python write results with result_serializer = \"json\" or \"pickle\""
        return TaskFailure(type: "DecodeError", arguments: [.string("\(reason); \(advice)")], module: "kombu.exceptions")
    }
}
