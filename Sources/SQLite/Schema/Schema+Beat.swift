extension Schema {
    /// Tables of beat.
    static let beat = """
        CREATE TABLE IF NOT EXISTS beat (
            name TEXT PRIMARY KEY,
            -- the leader of the beats of this name; no row when there is none
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
            -- what was sent and with what result, as JSON
            record TEXT NOT NULL,
            PRIMARY KEY (beat, name)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS beat_order (
            -- never used twice, so that no command is mistaken for an earlier one
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            beat TEXT NOT NULL,
            -- the command for the leader, as JSON
            body TEXT NOT NULL
        );
        """
}
