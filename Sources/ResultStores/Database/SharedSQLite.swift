import CeleryDB
import SQL
import SQLite

/// A SQLite file that is shared with Python, as a database of Python's tables.
final class SharedSQLite: SQLDatabase {
    let file: SharedDatabaseFile
    var location: String { file.path }

    init(_ file: SharedDatabaseFile) { self.file = file }

    func write<Value: Sendable>(
        isOneStatement: Bool, isRepeatable: Bool, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await file.write { try body(SQLiteConnection($0)) }
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value {
        try await file.read { try body(SQLiteConnection($0)) }
    }

    func maintain<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value {
        try await file.write { try body(SQLiteConnection($0)) }
    }

    func close() async { file.close() }
}

/// A SQLite file during a transaction.
final class SQLiteConnection: SQLConnection {
    private let db: Database

    init(_ db: Database) { self.db = db }

    var dialect: SQLDialect { SQLDialect(.sqlite) }

    func schemaMark() throws -> Int64 { try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA schema_version")) ?? 0 }

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try db.execute(sql: sql, arguments: StatementArguments(values.map(\.sqlite)))
        return db.changesCount
    }

    func rows(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]] {
        try Row.fetchAll(db, sql: sql, arguments: StatementArguments(values.map(\.sqlite))).map { row in
            (0..<row.count).map { SQLValue(row[$0] as SQLiteValue) }
        }
    }
}

extension SQLValue {
    fileprivate var sqlite: SQLiteValue {
        switch self {
        case .null: .null
        case .integer(let number): .integer(number)
        case .text(let text): .text(text)
        case .blob(let bytes): .blob(bytes)
        }
    }

    /// Columns of SQLite hold values of any type.
    fileprivate init(_ value: SQLiteValue) {
        switch value {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .real(let number): self = .text(String(number))
        case .text(let text): self = .text(text)
        case .blob(let bytes): self = .blob(bytes)
        }
    }
}
