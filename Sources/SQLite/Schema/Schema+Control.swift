extension Schema {
    /// What operators ask of workers, and what those answer. Nothing here lasts long.
    static let control = """
        CREATE TABLE IF NOT EXISTS control_request (
            -- never used twice: a worker goes on from the last one it saw
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- of no interest to anybody after this (Unix seconds)
            expires REAL NOT NULL,
            -- as Python's Celery sends it over a broker, as JSON
            body BLOB NOT NULL
        );
        CREATE TABLE IF NOT EXISTS control_reply (
            -- names the request
            ticket TEXT NOT NULL,
            worker INTEGER NOT NULL,
            name TEXT NOT NULL,
            expires REAL NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (ticket, worker)
        ) WITHOUT ROWID;
        """
}
