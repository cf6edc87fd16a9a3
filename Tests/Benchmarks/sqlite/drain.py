"""No-op Swift tasks a second, with stored results, from a worker's start to its end.

Against a C program that does only the SQLite work: it takes 64 messages and settles 64
with their results in each durable transaction, and runs nothing.
"""

import sqlite3
import sys

from bench import HERE
from project import durable_copy, remove_database
from report import Row


def measure(bench):
    count = bench.pick(100_000, 20_000)
    project = bench.project()
    project.submit(count, {"task": "example.nothing"}, program=bench.example)
    messages, target = project.folder / "messages.db", project.folder / "peer.db"
    bench.run([sys.executable, HERE / "peers" / "insert.py", project.database, messages])
    project.save()
    worker = [bench.example, "celeryd", "--burst", "-c", "2", "-l", "WARNING", "-q"]
    rates, peers = [], []
    for _ in range(bench.pick(5, 3)):
        project.restore()
        rates.append(count / bench.seconds(worker, cwd=project.folder))
        project.check(results=count)
        remove_database(target)
        durable_copy(messages, target)
        peers.append(count / bench.seconds([bench.peer("drain"), target, result_size(project.database)]))
    return [
        Row(f"drain of {count:,} no-op Swift tasks, two children", "tasks/s", rates,
            "C, the same takes and results alone", peers, aim=(">=", 20_000))
    ]


def result_size(path):
    """Bytes of a stored result."""
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT length(document) FROM result LIMIT 1").fetchone()[0]
    finally:
        database.close()
