extension Schema {
    /// The table of standing commands.
    static let orders = """
        CREATE TABLE IF NOT EXISTS standing_order (
            -- never used twice, and greater than all earlier ones
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- id, task and header are revocations; pause pauses a queue
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            -- when it is dropped (Unix seconds); NULL for never
            until REAL,
            -- as JSON
            body TEXT NOT NULL,
            UNIQUE (kind, subject)
        );
        """
}
