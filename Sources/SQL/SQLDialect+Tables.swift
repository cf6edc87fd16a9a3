/// Types of columns, and what a database knows of its tables.
extension SQLDialect {
    /// What a column holds.
    package enum ColumnType: Sendable, Hashable {
        /// The number of the row: the key of the table.
        case id
        /// A name of at most 155 characters.
        case name
        /// A unique name: letters are told apart by case, where the database would not do so by itself.
        case key
        /// A state of at most 50 characters.
        case state
        case bytes, time, text, integer
    }

    /// As SQLAlchemy writes it; in MySQL with room for more than 64 KiB, and for fractions of seconds, as Python reads, too.
    package func name(of type: ColumnType) -> String {
        switch type {
        case .id:
            switch kind {
            case .sqlite: "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
            case .mySQL: "INTEGER NOT NULL AUTO_INCREMENT"
            case .postgreSQL, .mariaDB, .oracle: "INTEGER NOT NULL"
            }
        case .name: kind == .oracle ? "VARCHAR2(155 CHAR)" : "VARCHAR(155)" + (isMySQLLike ? " CHARACTER SET utf8mb4" : "")
        case .key: kind == .oracle ? "VARCHAR2(155 CHAR)" : "VARCHAR(155)" + (isMySQLLike ? " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" : "")
        case .state: kind == .oracle ? "VARCHAR2(50 CHAR)" : "VARCHAR(50)" + (isMySQLLike ? " CHARACTER SET utf8mb4" : "")
        case .bytes:
            switch kind {
            case .sqlite, .oracle: "BLOB"
            case .postgreSQL: "BYTEA"
            case .mySQL, .mariaDB: "LONGBLOB"
            }
        case .time:
            switch kind {
            case .sqlite: "DATETIME"
            case .postgreSQL: "TIMESTAMP WITHOUT TIME ZONE"
            case .mySQL, .mariaDB: "DATETIME(6)"
            // DATE, as SQLAlchemy has it, has whole seconds; Python reads both.
            case .oracle: "TIMESTAMP(6)"
            }
        case .text: kind == .oracle ? "CLOB" : isMySQLLike ? "LONGTEXT CHARACTER SET utf8mb4" : "TEXT"
        case .integer: "INTEGER"
        }
    }

    private var isMySQLLike: Bool { kind == .mySQL || kind == .mariaDB }

    /// The statement that makes a table whose key is its column `id`.
    ///
    /// - Parameter unique: The column that names its rows.
    package func createTable(_ table: String, _ columns: [(name: String, type: ColumnType)], unique: String) -> String {
        let lines = columns.map { "\($0.name) \(name(of: $0.type))" } + (kind == .sqlite ? [] : ["PRIMARY KEY (id)"]) + ["UNIQUE (\(unique))"]
        return "CREATE TABLE \(table) (\n    \(lines.joined(separator: ",\n    "))\n)"
    }

    /// - Parameter isInUse: Whether others may be writing to the table, who should not have to wait for the end.
    package func createIndex(_ index: String, on table: String, _ column: String, isInUse: Bool) -> String {
        "CREATE INDEX \(isInUse && kind == .postgreSQL ? "CONCURRENTLY " : "")\(index) ON \(table) (\(column))"
    }

    /// The statement that adds a column to a table.
    package func addColumn(_ name: String, _ type: ColumnType, to table: String) -> String {
        kind == .oracle ? "ALTER TABLE \(table) ADD (\(name) \(self.name(of: type)))" : "ALTER TABLE \(table) ADD COLUMN \(name) \(self.name(of: type))"
    }

    /// A query for the columns of a table, in the form that `SQLTableLayout` reads: none without the table.
    func columns(of table: String) -> String {
        switch kind {
        case .sqlite: "SELECT name, 1, NULL, 0 FROM pragma_table_info('\(table)')"
        case .postgreSQL:
            """
            SELECT attname::text, CASE WHEN atthasdef OR attidentity <> '' THEN 1 ELSE 0 END,
                CASE WHEN atttypid = 1043 AND atttypmod > 4 THEN atttypmod - 4 END, 0
            FROM pg_attribute WHERE attrelid = to_regclass('\(table)') AND attnum > 0 AND NOT attisdropped
            """
        case .mySQL, .mariaDB:
            """
            SELECT column_name, extra LIKE '%auto_increment%', character_maximum_length, data_type LIKE '%blob' OR data_type LIKE '%text'
            FROM information_schema.columns WHERE table_schema = database() AND table_name = '\(table)'
            """
        // Names without quotation marks are in capitals there. Lengths are those in characters.
        case .oracle:
            """
            SELECT LOWER(column_name), CASE WHEN default_length > 0 THEN 1 ELSE 0 END,
                CASE WHEN data_type IN ('VARCHAR2', 'NVARCHAR2', 'CHAR', 'NCHAR') THEN char_length END, 0
            FROM user_tab_columns WHERE table_name = UPPER('\(table)')
            """
        }
    }

    /// A query with a row if there is an index, or a sequence, of this name.
    func existence(ofIndex index: String, on table: String) -> String {
        switch kind {
        case .sqlite: "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = '\(index)'"
        case .postgreSQL: "SELECT 1 WHERE to_regclass('\(index)') IS NOT NULL"
        case .mySQL, .mariaDB:
            "SELECT 1 FROM information_schema.statistics WHERE table_schema = database() AND table_name = '\(table)' AND index_name = '\(index)'"
        case .oracle: "SELECT 1 FROM user_indexes WHERE index_name = UPPER('\(index)')"
        }
    }

    func existence(ofSequence sequence: String) -> String {
        switch kind {
        case .postgreSQL: "SELECT 1 WHERE to_regclass('\(sequence)') IS NOT NULL"
        case .oracle: "SELECT 1 FROM user_sequences WHERE sequence_name = UPPER('\(sequence)')"
        case .sqlite, .mySQL, .mariaDB:
            "SELECT 1 FROM information_schema.tables WHERE table_schema = database() AND table_name = '\(sequence)' AND table_type = 'SEQUENCE'"
        }
    }
}

/// The columns of a table, as they are in a database.
package struct SQLTableLayout: Sendable, Equatable {
    /// What a column takes.
    package struct Column: Sendable, Equatable {
        /// Whether the database gives it a value by itself.
        package var isAutomatic: Bool
        /// How long a text or value may be; `nil` for any length.
        package var limit: Int?
        /// Whether the limit counts bytes; otherwise characters.
        package var isLimitInBytes: Bool
    }

    package let columns: [String: Column]

    /// - Returns: `nil` without the table.
    package init?(of table: String, in db: any SQLConnection) throws {
        var columns: [String: Column] = [:]
        for row in try db.rows(db.dialect.columns(of: table)) {
            guard row.count == 4, let name = row[0].text else { continue }
            columns[name] = Column(
                isAutomatic: row[1].integer == 1, limit: row[2].integer.flatMap { Int(exactly: $0) }, isLimitInBytes: row[3].integer == 1)
        }
        if columns.isEmpty { return nil }
        self.columns = columns
    }

    /// The layout of a table that was made here.
    package init(_ columns: [(name: String, type: SQLDialect.ColumnType)], in db: any SQLConnection) {
        self.columns = Dictionary(
            uniqueKeysWithValues: columns.map { name, type in
                let limit = db.dialect.kind == .sqlite ? nil : type.limit
                return (name, Column(isAutomatic: type == .id && !db.dialect.hasSequences, limit: limit, isLimitInBytes: false))
            })
    }

    package func has(_ column: String) -> Bool { columns[column] != nil }
}

extension SQLDialect.ColumnType {
    /// How many characters are allowed; `nil` for any number.
    fileprivate var limit: Int? {
        switch self {
        case .name, .key: 155
        case .state: 50
        case .id, .bytes, .time, .text, .integer: nil
        }
    }
}

extension SQLConnection {
    package func hasIndex(_ index: String, on table: String) throws -> Bool {
        try !rows(dialect.existence(ofIndex: index, on: table)).isEmpty
    }

    package func hasSequence(_ sequence: String) throws -> Bool { try !rows(dialect.existence(ofSequence: sequence)).isEmpty }
}
