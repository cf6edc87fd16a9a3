extension Schema {
    /// Tables of events, for later readers.
    static let events = """
        CREATE TABLE IF NOT EXISTS event (
            -- never used twice: a reader continues after the last one it saw
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- when it was stored (Unix seconds)
            received REAL NOT NULL,
            type TEXT NOT NULL,
            host TEXT NOT NULL,
            -- the id of its task
            task TEXT,
            -- Celery's event, as JSON
            body TEXT NOT NULL
        );
        CREATE INDEX IF NOT EXISTS event_task ON event (task) WHERE task IS NOT NULL;
        CREATE INDEX IF NOT EXISTS event_received ON event (received);
        CREATE INDEX IF NOT EXISTS event_heartbeat ON event (host) WHERE type = 'worker-heartbeat';
        CREATE TABLE IF NOT EXISTS event_mark (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            -- events up to this number were dropped, because of their age or number
            dropped INTEGER NOT NULL
        );
        """
}
