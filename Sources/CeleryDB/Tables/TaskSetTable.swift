/// Rows of the tables `task_set` and `task_set_count`.
package enum TaskSetTable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS task_set (
            id TEXT PRIMARY KEY,
            -- number of members; NULL while more are being submitted
            total INTEGER,
            -- Unix seconds
            created REAL NOT NULL,
            -- Unix seconds; NULL keeps it for ever
            expires REAL
        ) WITHOUT ROWID;
        -- How many members of a set have a result in each state.
        CREATE TABLE IF NOT EXISTS task_set_count (
            task_set TEXT NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (task_set, state)
        ) WITHOUT ROWID;
        """

    /// Counts in the transaction that records a result, whoever records it. What is forgotten later stays counted.
    static let triggers = """
        CREATE TRIGGER IF NOT EXISTS task_set_first AFTER INSERT ON result
        WHEN new.member_of IS NOT NULL AND EXISTS (SELECT 1 FROM task_set WHERE id = new.member_of) BEGIN
            INSERT INTO task_set_count VALUES (new.member_of, new.state, 1)
                ON CONFLICT DO UPDATE SET count = count + 1;
        END;
        CREATE TRIGGER IF NOT EXISTS task_set_next AFTER UPDATE OF state ON result
        WHEN new.member_of IS NOT NULL AND new.state <> old.state AND EXISTS (SELECT 1 FROM task_set WHERE id = new.member_of) BEGIN
            UPDATE task_set_count SET count = count - 1 WHERE task_set = new.member_of AND state = old.state;
            INSERT INTO task_set_count VALUES (new.member_of, new.state, 1)
                ON CONFLICT DO UPDATE SET count = count + 1;
        END;
        """
}
