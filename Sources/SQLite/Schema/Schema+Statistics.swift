extension Schema {
    /// The table of statistics, by task and time.
    static let statistics = """
        CREATE TABLE IF NOT EXISTS statistics (
            -- Unix seconds; a minute, an hour or a day
            start INTEGER NOT NULL, length INTEGER NOT NULL,
            task TEXT NOT NULL,
            -- counts, seconds and a histogram, as JSON
            tally TEXT NOT NULL,
            PRIMARY KEY (start, length, task)
        ) WITHOUT ROWID;
        """
}
