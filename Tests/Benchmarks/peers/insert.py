"""Inserts the messages of a database into one indexed table of another, as Python would.

    python3 insert.py SOURCE TARGET [CHUNK]

The same bytes as in SOURCE, by `executemany`, in one durable transaction for each CHUNK
rows. Reads all of them first, and prints the seconds from opening TARGET to its being closed.
"""

import sqlite3
import sys
import time

SQL = "INSERT INTO message (id, task, queue, submitted, headers, properties, body) VALUES (?, ?, ?, ?, ?, ?, ?)"


def main(source, target, chunk=5_000):
    with sqlite3.connect(source) as database:
        rows = database.execute(
            "SELECT id, task, queue, submitted, headers, properties, body FROM message ORDER BY tag").fetchall()
    began = time.perf_counter()
    database = sqlite3.connect(target, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(
        "CREATE TABLE message (tag INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, task TEXT NOT NULL, queue TEXT NOT NULL,"
        " submitted REAL NOT NULL, headers BLOB NOT NULL, properties BLOB, body BLOB NOT NULL)")
    for first in range(0, len(rows), chunk):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(SQL, rows[first:first + chunk])
        database.execute("COMMIT")
    database.close()
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:4]))
