/// What databases say in different ways. The statements of Celery's tables are written once, with these parts.
package struct SQLDialect: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case sqlite, postgreSQL
        case mySQL
        /// As MySQL, but with sequences, which SQLAlchemy uses for ids.
        case mariaDB
        /// Of version 12.2 or later, by ODBC.
        case oracle
    }

    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// Whether sequences number the rows of Celery's tables, as SQLAlchemy has it.
    package var hasSequences: Bool { kind == .postgreSQL || kind == .mariaDB || kind == .oracle }

    /// Whether whoever listens is told of changes.
    package var hasNotices: Bool { kind == .postgreSQL }

    private var isMySQL: Bool { kind == .mySQL || kind == .mariaDB }

    /// Rows that one statement inserts at most. SQLite has no way to its file that more rows would share, and Oracle no statement.
    package var rowsPerStatement: Int { kind == .sqlite || kind == .oracle ? 1 : Self.rowsPerServerStatement }
    /// Keys that one query looks for at most.
    package var keysPerStatement: Int { kind == .sqlite ? 1 : 500 }
    package static let rowsPerServerStatement = 1000

    /// Bytes of values in a statement, after which no more rows are added to it.
    package static let bytesPerStatement = 1 << 20

    // MARK: Parameters

    /// The parameters of a statement from the given number on, from 1: `$1, $2`, or `?, ?`.
    package func parameters(_ count: Int, from first: Int = 1) -> String {
        (first..<first + count).map(parameter).joined(separator: ", ")
    }

    /// One parameter by its number, from 1. The numbers of a statement must be used in order.
    package func parameter(_ number: Int) -> String { kind == .postgreSQL ? "$\(number)" : "?" }

    // MARK: Reading

    /// A column of times as text: `2026-11-22 17:50:28.017376`.
    package func time(_ column: String) -> String {
        switch kind {
        case .sqlite: column
        case .postgreSQL: "to_char(\(column), 'YYYY-MM-DD HH24:MI:SS.US')"
        case .mySQL, .mariaDB: "date_format(\(column), '%Y-%m-%d %H:%i:%s.%f')"
        // ODBC has one text for times, whatever their type.
        case .oracle: column
        }
    }

    /// A parameter for a time, which is given as text.
    package func timeParameter(_ number: Int) -> String {
        // What a text alone would mean there, the settings of the session decide.
        kind == .oracle ? "TO_TIMESTAMP(\(parameter(number)), 'YYYY-MM-DD HH24:MI:SS.FF6')" : parameter(number)
    }

    /// A query for some of the rows of another, the first ones of its order.
    ///
    /// - Parameter number: The number of the parameter that says how many at most.
    package func limited(_ query: String, _ number: Int) -> String {
        kind == .oracle ? "\(query) FETCH FIRST \(parameter(number)) ROWS ONLY" : "\(query) LIMIT \(parameter(number))"
    }

    /// What locks the rows of a query until the end of its transaction.
    package var locking: String { kind == .sqlite ? "" : " FOR UPDATE" }

    /// The condition that a column begins with a text, and the values of its parameters.
    ///
    /// - Parameter number: The number of its first parameter.
    package func begins(_ column: String, _ number: Int, with beginning: String) -> (sql: String, values: [SQLValue]) {
        // By way of the index, which LIKE does not use in SQLite.
        if kind == .sqlite {
            return ("\(column) >= ? AND \(column) < ? || char(0x10FFFF)", [.text(beginning), .text(beginning)])
        }
        let escaped = beginning.reduce(into: "") { text, character in
            if "!%_".contains(character) { text += "!" }
            text.append(character)
        }
        return ("\(column) LIKE \(parameter(number)) ESCAPE '!'", [.text(escaped + "%")])
    }

    // MARK: Writing

    /// A statement that inserts rows, or changes those that are there: for `SQLConnection.execute(_:rows:)`.
    ///
    /// - Parameters:
    ///   - columns: Those with a value in each row; the first is the key.
    ///   - changed: Those that are changed in a row that is there.
    ///   - sequence: The sequence that numbers new rows in the column `id`; `nil` where the table does it.
    ///   - guardian: What keeps a row that is there as it is.
    package func upsert(
        into table: String, _ columns: [(name: String, type: ColumnType)], rows: Int, changing changed: [String], sequence: String?,
        unless guardian: Guard?
    ) -> String {
        let names = (sequence == nil ? [] : ["id"]) + columns.map(\.name)
        let insert = "INSERT INTO \(table) (\(names.joined(separator: ", "))) \(source(columns, rows: rows, sequence))"
        let kept = guardian.map { condition($0, table) }
        guard isMySQL else {
            let changes = changed.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
            return "\(insert) ON CONFLICT (\(columns[0].name)) DO UPDATE SET \(changes)" + (kept.map { " WHERE NOT (\($0))" } ?? "")
        }
        // Changes are made one after the other, and each looks at what those before have left. Once the number is changed it is not
        // greater any more, so it is the first; the column with the final values is the last.
        let (first, last) = (guardian?.newer?.number, guardian?.column)
        let ordered = changed.filter { $0 == first } + changed.filter { $0 != first && $0 != last } + changed.filter { $0 == last }
        let changes = ordered.map { column in
            "\(column) = " + (kept.map { "if(\($0), \(table).\(column), values(\(column)))" } ?? "values(\(column))")
        }
        return "\(insert) ON DUPLICATE KEY UPDATE \(changes.joined(separator: ", "))"
    }

    /// Whether a statement for this many rows takes one array for each column, instead of one value for each column of each row:
    /// PostgreSQL reads and plans a statement of two lines faster than one of a thousand rows.
    func takesArrays(rows: Int) -> Bool { kind == .postgreSQL && rows > 1 }

    /// Where the new rows come from.
    private func source(_ columns: [(name: String, type: ColumnType)], rows: Int, _ sequence: String?) -> String {
        let number = sequence.map { next(of: $0) + ", " } ?? ""
        guard takesArrays(rows: rows) else {
            let values = (0..<rows).map { "(" + number + parameters(columns.count, from: $0 * columns.count + 1) + ")" }
            return "VALUES \(values.joined(separator: ", "))"
        }
        let given = columns.map { column in
            switch column.type {
            // Texts are arrays of texts, and so is what has a text form.
            case .id, .integer: "\(column.name)::integer"
            case .time: "\(column.name)::timestamp"
            case .bytes: "\(column.name)::bytea"
            case .name, .key, .state, .text: column.name
            }
        }
        let names = columns.map(\.name).joined(separator: ", ")
        return "SELECT \(number)\(given.joined(separator: ", ")) FROM unnest(\(parameters(columns.count))) AS given (\(names))"
    }

    /// When a row stays as it is.
    package struct Guard: Sendable {
        /// A column, and its values that are final.
        package var column: String
        package var values: [String]
        /// A column with a number, and one that is NULL while it counts: a row with a greater number is newer.
        package var newer: (number: String, whileNull: String)?

        package init(_ column: String, _ values: [String], newer: (number: String, whileNull: String)? = nil) {
            self.column = column
            self.values = values
            self.newer = newer
        }
    }

    private func condition(_ guardian: Guard, _ table: String) -> String {
        let values = guardian.values.map { "'\($0)'" }.joined(separator: ", ")
        let final = "coalesce(\(table).\(guardian.column), '') IN (\(values))"
        guard let (number, date) = guardian.newer else { return final }
        let given = isMySQL ? "values(\(number))" : "excluded.\(number)"
        return "\(final) OR \(table).\(date) IS NULL AND coalesce(\(table).\(number), 0) > \(given)"
    }

    func next(of sequence: String) -> String {
        switch kind {
        case .mariaDB: "nextval(\(sequence))"
        case .oracle: "\(sequence).NEXTVAL"
        case .sqlite, .postgreSQL, .mySQL: "nextval('\(sequence)')"
        }
    }

    /// A statement that deletes at most as many rows of a table, oldest first, as parameter 2 says, whose time is at or before
    /// parameter 1.
    package func deleteOldest(of table: String, by column: String) -> String {
        let (time, limit) = (timeParameter(1), parameter(2))
        if kind == .oracle {
            let oldest = "SELECT id FROM \(table) WHERE \(column) <= \(time) ORDER BY \(column) FETCH FIRST \(limit) ROWS ONLY"
            return "DELETE FROM \(table) WHERE id IN (SELECT id FROM (\(oldest)) t)"
        }
        if isMySQL { return "DELETE FROM \(table) WHERE \(column) <= \(time) ORDER BY \(column) LIMIT \(limit)" }
        // Two who delete at once do not wait for each other.
        let skipping = kind == .postgreSQL ? " FOR UPDATE SKIP LOCKED" : ""
        return """
            DELETE FROM \(table) WHERE id IN (
                SELECT id FROM \(table) WHERE \(column) <= \(time) ORDER BY \(column) LIMIT \(limit)\(skipping))
            """
    }

    /// A statement that tells all who listen to a channel.
    ///
    /// - Parameter count: How many texts are told.
    package func notify(_ channel: String, count: Int) -> String {
        "SELECT " + (1...count).map { "pg_notify('\(channel)', \(parameter($0)))" }.joined(separator: ", ")
    }
}
