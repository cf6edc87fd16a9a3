import CeleryCore

/// A database server by ODBC, through the drivers of Debian's packages odbc-postgresql and odbc-mariadb.
extension DatabaseServer {
    /// The URL of a database as `db+oracle://`, which reaches any server by a connection string.
    ///
    /// - Parameters:
    ///   - password: Of the user `celery`.
    ///   - port: Another than the server's.
    package func odbcURL(database: String = "celery", password: String = "celery-secret", port: Int? = nil, options: [String: String] = [:]) -> String {
        let place =
            switch kind {
            case .postgreSQL: "Driver=PostgreSQL Unicode;Servername=127.0.0.1;Port=\(port ?? self.port);Database=\(database);ByteaAsLongVarBinary=1"
            // The server speaks Oracle's dialect in this mode, as far as it goes.
            case .mariaDB:
                "Driver=MariaDB Unicode;SERVER=127.0.0.1;PORT=\(port ?? self.port);DATABASE=\(database);"
                    + "INITSTMT={SET SESSION sql_mode = concat(@@sql_mode, ',ORACLE'), time_zone = '+00:00'}"
            }
        let items = [ServiceURL.QueryItem(name: "connection", value: place)] + options.map { ServiceURL.QueryItem(name: $0.key, value: $0.value) }
        return ServiceURL(scheme: "db+oracle", user: "celery", password: password, query: items).text
    }

    /// Makes a database that answers in Oracle's dialect by `odbcURL`, at a MariaDB server: with what its Oracle mode lacks of Oracle, the
    /// views that list columns, indexes and sequences, and TO_TIMESTAMP. Neither Oracle nor its ODBC driver can be had for tests.
    ///
    /// - Parameter hasTables: Whether Celery's tables are there, as they are after `celery syncdb`: the server does not understand
    ///   `VARCHAR2(155 CHAR)`, in which alone they differ.
    package func makeOracleDatabase(_ name: String, hasTables: Bool) throws {
        // Oracle tells `a` from `A`.
        let database = ["CREATE DATABASE \(name) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "USE \(name)"]
        try ask((database + Self.oracle + (hasTables ? Self.celeryTables : [])).joined(separator: ";\n"))
    }

    private static let oracle = [
        """
        CREATE VIEW user_tab_columns AS SELECT upper(table_name) AS table_name, upper(column_name) AS column_name,
            CASE data_type WHEN 'varchar' THEN 'VARCHAR2' ELSE upper(data_type) END AS data_type, character_maximum_length AS char_length,
            CASE WHEN column_default <> 'NULL' THEN length(column_default) END AS default_length
        FROM information_schema.columns WHERE table_schema = database()
        """,
        "CREATE VIEW user_indexes AS SELECT DISTINCT upper(index_name) AS index_name FROM information_schema.statistics WHERE table_schema = database()",
        """
        CREATE VIEW user_sequences AS SELECT upper(table_name) AS sequence_name
        FROM information_schema.tables WHERE table_schema = database() AND table_type = 'SEQUENCE'
        """,
        "CREATE FUNCTION TO_TIMESTAMP(a VARCHAR(40), f VARCHAR(40)) RETURNS DATETIME(6) DETERMINISTIC RETURN a",
    ]

    private static let celeryTables = [
        "SET SESSION sql_mode = concat(@@sql_mode, ',ORACLE')", "CREATE SEQUENCE task_id_sequence", "CREATE SEQUENCE taskset_id_sequence",
        """
        CREATE TABLE celery_taskmeta (id INTEGER NOT NULL, task_id VARCHAR2(155), status VARCHAR2(50), result BLOB, date_done TIMESTAMP(6),
            traceback CLOB, children BLOB, name VARCHAR2(155), args BLOB, kwargs BLOB, worker VARCHAR2(155), retries INTEGER, queue VARCHAR2(155),
            stamps BLOB, attempt INTEGER, PRIMARY KEY (id), UNIQUE (task_id))
        """,
        "CREATE INDEX ix_celery_taskmeta_date_done ON celery_taskmeta (date_done)",
        "CREATE TABLE celery_tasksetmeta (id INTEGER NOT NULL, taskset_id VARCHAR2(155), result BLOB, date_done TIMESTAMP(6), PRIMARY KEY (id), UNIQUE (taskset_id))",
        "CREATE INDEX ix_celery_tasksetmeta_date_done ON celery_tasksetmeta (date_done)",
    ]
}
