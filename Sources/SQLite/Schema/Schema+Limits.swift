extension Schema {
    /// Tables of rate and concurrency limits.
    static let limits = """
        CREATE TABLE IF NOT EXISTS rate_limit (
            task TEXT PRIMARY KEY,
            -- seconds between starts
            interval REAL NOT NULL,
            -- the earliest next start (Unix seconds)
            next REAL NOT NULL,
            -- the interval last announced from the task's options, 0 for none; remote control may have set another since
            announced REAL NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS limited (
            -- a due message that may not start yet, in the limit queue of its task and key
            task TEXT NOT NULL, key TEXT NOT NULL, rank INTEGER NOT NULL, tag INTEGER NOT NULL,
            queue TEXT NOT NULL, attempt INTEGER NOT NULL,
            -- when it stops waiting (Unix seconds)
            expires REAL,
            PRIMARY KEY (task, key, rank, tag)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS limited_expires ON limited (queue, expires) WHERE expires IS NOT NULL;
        CREATE TABLE IF NOT EXISTS limit_line (
            -- a limit queue with waiting messages
            task TEXT NOT NULL, key TEXT NOT NULL,
            -- number of concurrency slots; NULL when only the rate is limited
            places INTEGER,
            -- the first message: older queues come first
            head INTEGER NOT NULL,
            PRIMARY KEY (task, key)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS limit_line_head ON limit_line (head);
        CREATE TABLE IF NOT EXISTS place (
            -- a message that holds a concurrency slot of its task and key
            tag INTEGER PRIMARY KEY, task TEXT NOT NULL, key TEXT NOT NULL,
            -- of the message
            id TEXT NOT NULL,
            -- the worker that runs it after acknowledging it; NULL while a lease exists
            worker INTEGER
        );
        CREATE INDEX IF NOT EXISTS place_line ON place (task, key);
        CREATE TABLE IF NOT EXISTS lent_place (
            -- a concurrency slot of a task whose message is at another broker
            worker TEXT NOT NULL, holder TEXT NOT NULL, task TEXT NOT NULL, key TEXT NOT NULL,
            -- of the message
            id TEXT NOT NULL,
            -- free from this time, unless its worker renews it (Unix seconds)
            until REAL NOT NULL,
            PRIMARY KEY (worker, holder)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS lent_place_line ON lent_place (task, key);
        -- a slot is held as long as its lease exists, however that ends, or as long as its worker lives
        CREATE TRIGGER IF NOT EXISTS lease_place AFTER DELETE ON lease BEGIN
            DELETE FROM place WHERE tag = OLD.tag AND worker IS NULL;
        END;
        CREATE TRIGGER IF NOT EXISTS worker_place AFTER DELETE ON worker BEGIN
            DELETE FROM place WHERE worker = OLD.number;
        END;
        """
}
