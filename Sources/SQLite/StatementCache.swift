/// Compiled statements by their text.
///
/// Most texts are string literals, so the address of a text usually finds its statement without reading the text.
struct StatementCache {
    private typealias Entry = (sql: String, statement: Statement)

    private var slots: [Entry?] = []
    /// All statements; consulted when the address of a text finds none.
    private var statements: [String: Statement] = [:]

    private static let slotCount: UInt = 256
    /// More than the statements in our sources, of which there are about 180. Only texts that differ with each call reach it.
    private static let capacity = 256

    /// Returns the statement of a text. While a cursor reads the rows of that statement, returns another one.
    ///
    /// - Parameter prepare: Compiles the text.
    mutating func statement(
        _ sql: String, prepare: () throws(SQLiteError) -> Statement
    ) throws(SQLiteError) -> Statement {
        if slots.isEmpty { slots = [Entry?](repeating: nil, count: Int(Self.slotCount)) }
        let slot = Self.slot(of: sql)
        // Swift compares two references to the same literal by address.
        if let entry = slots[slot], entry.sql == sql, !entry.statement.isRunning { return entry.statement }
        if let statement = statements[sql] {
            // A second run would end the run that the cursor reads.
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
