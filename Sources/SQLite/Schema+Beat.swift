package import GRDB

extension Schema {
    /// What beat keeps. A file that was made before there was a beat gets these tables when they are first needed.
    package static let beat = """
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

    /// Whether all tables of beat are there.
    package static func hasBeat(in db: Database) throws -> Bool {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('beat', 'beat_entry', 'beat_order')") == 3
    }

    /// Adds those that are missing.
    package static func addBeat(in db: Database) throws {
        if try !hasBeat(in: db) { try db.execute(sql: beat) }
    }
}
