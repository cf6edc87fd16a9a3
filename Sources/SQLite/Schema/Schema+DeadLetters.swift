extension Schema {
    /// What was given up.
    static let deadLetters = """
        CREATE TABLE IF NOT EXISTS dead_letter (
            -- in the order in which they were given up
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            task TEXT NOT NULL,
            queue TEXT NOT NULL,
            -- signal N, out of memory, lost, unregistered, unreadable
            reason TEXT NOT NULL,
            error TEXT NOT NULL,
            worker TEXT NOT NULL,
            -- Unix seconds
            buried REAL NOT NULL,
            -- numbers of attempts that were used up, and how many of them lost their process
            attempts INTEGER NOT NULL,
            crashes INTEGER NOT NULL,
            -- the message as it stood in the table of messages
            rank INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            submitted REAL NOT NULL,
            headers BLOB NOT NULL,
            properties BLOB,
            body BLOB NOT NULL
        );
        CREATE INDEX IF NOT EXISTS dead_letter_id ON dead_letter (id);
        """
}
