extension Schema {
    /// What monitors are told, for those who come later.
    static let events = """
        CREATE TABLE IF NOT EXISTS event (
            -- never used twice: who has read so far goes on from here
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            -- when it was written here (Unix seconds)
            received REAL NOT NULL,
            type TEXT NOT NULL,
            host TEXT NOT NULL,
            -- the id of the task it is about
            task TEXT,
            -- the event of Celery, as JSON
            body TEXT NOT NULL
        );
        CREATE INDEX IF NOT EXISTS event_task ON event (task) WHERE task IS NOT NULL;
        CREATE INDEX IF NOT EXISTS event_received ON event (received);
        CREATE INDEX IF NOT EXISTS event_heartbeat ON event (host) WHERE type = 'worker-heartbeat';
        CREATE TABLE IF NOT EXISTS event_mark (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            -- events up to this number were dropped, for their age or for being too many
            dropped INTEGER NOT NULL
        );
        """
}
