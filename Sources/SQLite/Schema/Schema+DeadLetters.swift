extension Schema {
    /// The table of dead letters.
    static let deadLetters = """
        CREATE TABLE IF NOT EXISTS dead_letter (
            -- in the order of burial
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
            -- number of attempts, and how many of them lost their process
            attempts INTEGER NOT NULL,
            crashes INTEGER NOT NULL,
            -- the columns of the message
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
