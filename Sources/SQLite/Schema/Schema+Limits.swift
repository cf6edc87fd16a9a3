extension Schema {
    /// What limits of rate and of concurrency keep.
    static let limits = """
        CREATE TABLE IF NOT EXISTS rate_limit (
            task TEXT PRIMARY KEY,
            -- seconds from one beginning to the next
            interval REAL NOT NULL,
            -- when the next may begin (Unix seconds)
            next REAL NOT NULL,
            -- the interval that the task's own options said last, 0 for none; an operator may have said another since
            announced REAL NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS limited (
            -- a message that is due and may not begin yet, in the line of its task and key
            task TEXT NOT NULL, key TEXT NOT NULL, rank INTEGER NOT NULL, tag INTEGER NOT NULL,
            queue TEXT NOT NULL, attempt INTEGER NOT NULL,
            -- when it is not to wait any more (Unix seconds)
            expires REAL,
            PRIMARY KEY (task, key, rank, tag)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS limited_expires ON limited (queue, expires) WHERE expires IS NOT NULL;
        CREATE TABLE IF NOT EXISTS limit_line (
            -- a line in which somebody waits
            task TEXT NOT NULL, key TEXT NOT NULL,
            -- how many may run at once; NULL when only the rate counts
            places INTEGER,
            -- the first of them: older lines come first
            head INTEGER NOT NULL,
            PRIMARY KEY (task, key)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS limit_line_head ON limit_line (head);
        CREATE TABLE IF NOT EXISTS place (
            -- a message that runs, or is about to, in one of the places of its task and key
            tag INTEGER PRIMARY KEY, task TEXT NOT NULL, key TEXT NOT NULL,
            -- of the message
            id TEXT NOT NULL,
            -- who runs it although it is acknowledged; NULL as long as there is a lease to say so
            worker INTEGER
        );
        CREATE INDEX IF NOT EXISTS place_line ON place (task, key);
        CREATE TABLE IF NOT EXISTS lent_place (
            -- a place of a task whose message is at another broker
            worker TEXT NOT NULL, holder TEXT NOT NULL, task TEXT NOT NULL, key TEXT NOT NULL,
            -- of the message
            id TEXT NOT NULL,
            -- free from then on, unless its worker renews it (Unix seconds)
            until REAL NOT NULL,
            PRIMARY KEY (worker, holder)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS lent_place_line ON lent_place (task, key);
        -- a place is held as long as the lease, however that ends, or as long as its worker lives
        CREATE TRIGGER IF NOT EXISTS lease_place AFTER DELETE ON lease BEGIN
            DELETE FROM place WHERE tag = OLD.tag AND worker IS NULL;
        END;
        CREATE TRIGGER IF NOT EXISTS worker_place AFTER DELETE ON worker BEGIN
            DELETE FROM place WHERE worker = OLD.number;
        END;
        """
}
