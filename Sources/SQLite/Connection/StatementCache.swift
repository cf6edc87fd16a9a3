/// Statements that are kept compiled, by their text.
///
/// Most texts are constants of our sources, so a statement is mostly found by the address of its text, without reading it.
struct StatementCache {
    private typealias Entry = (sql: String, statement: Statement)

    private var slots: [Entry?] = []
    /// For what an address did not find.
    private var statements: [String: Statement] = [:]

    private static let slotCount: UInt = 256
    /// A worker with all powers uses half as many. Only texts that differ each time can reach it.
    private static let capacity = 256

    /// The statement of this text, unless somebody goes through its rows: then another.
    ///
    /// - Parameter prepare: Compiles the text.
    mutating func statement(
        _ sql: String, prepare: () throws(SQLiteError) -> Statement
    ) throws(SQLiteError) -> Statement {
        if slots.isEmpty { slots = [Entry?](repeating: nil, count: Int(Self.slotCount)) }
        let slot = Self.slot(of: sql)
        // Equal at a glance when both are the same constant.
        if let entry = slots[slot], entry.sql == sql, !entry.statement.isRunning { return entry.statement }
        if let statement = statements[sql] {
            // A second run would end the first.
            if statement.isRunning { return try prepare() }
            slots[slot] = (sql, statement)
            return statement
        }
        let statement = try prepare()
        if statements.count >= Self.capacity {
            removeAll()
            slots = [Entry?](repeating: nil, count: Int(Self.slotCount))
        }
        statements[sql] = statement
        slots[slot] = (sql, statement)
        return statement
    }

    mutating func removeAll() {
        slots = []
        statements = [:]
    }

    private static func slot(of sql: String) -> Int {
        let address = sql.utf8.withContiguousStorageIfAvailable { UInt(bitPattern: $0.baseAddress) } ?? 0
        return Int((address ^ address >> 8 ^ UInt(sql.utf8.count)) % slotCount)
    }
}
