extension Schema {
    /// What beat keeps.
    static let beat = """
        CREATE TABLE IF NOT EXISTS beat (
            name TEXT PRIMARY KEY,
            -- who leads the beats of this name; no row while nobody does
            leader TEXT NOT NULL,
            leader_name TEXT NOT NULL,
            pid INTEGER NOT NULL,
            process TEXT NOT NULL,
            since REAL NOT NULL,
            -- alive until then, unless renewed (Unix seconds)
            lease_until REAL NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS beat_entry (
            beat TEXT NOT NULL, name TEXT NOT NULL,
            -- how far it was sent, and what came of it, as JSON
            record TEXT NOT NULL,
            PRIMARY KEY (beat, name)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS beat_order (
            -- never used twice, so that none is taken for one that was done before
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            beat TEXT NOT NULL,
            -- what is asked of the leader, as JSON
            body TEXT NOT NULL
        );
        """
}
