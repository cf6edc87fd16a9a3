extension Schema {
    /// Tables of remote control. Their rows are short-lived.
    static let control = """
        CREATE TABLE IF NOT EXISTS control_request (
            -- never used twice: a worker continues after the last one it saw
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- ignored after this time (Unix seconds)
            expires REAL NOT NULL,
            -- the request in the form of Python's Celery, as JSON
            body BLOB NOT NULL
        );
        CREATE TABLE IF NOT EXISTS control_reply (
            -- identifies the request
            ticket TEXT NOT NULL,
            worker INTEGER NOT NULL,
            name TEXT NOT NULL,
            expires REAL NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (ticket, worker)
        ) WITHOUT ROWID;
        """
}
