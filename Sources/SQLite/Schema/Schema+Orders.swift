extension Schema {
    /// What is ordered of workers.
    static let orders = """
        CREATE TABLE IF NOT EXISTS standing_order (
            -- never used twice, and greater than those of all earlier orders
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- id, task and header are of revocations; pause is of a queue
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            -- forgotten then (Unix seconds); NULL never is
            until REAL,
            -- as JSON
            body TEXT NOT NULL,
            UNIQUE (kind, subject)
        );
        """
}
