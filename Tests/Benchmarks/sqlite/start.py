"""From a command to its end: what a shell user waits for.

Against a process that does nothing, and against one durable SQLite transaction in a
process of its own. Once with a database that a worker holds open, as on any machine in
use, and once with one that every command opens first and closes last, which makes SQLite
set up the WAL and write it all back each time.
"""

import sqlite3

from report import Row

TRANSACTION = "a process with one durable transaction"
ADD = "#!/bin/sh\necho $(($1 + $2))\n"


def measure(bench):
    held = times(bench, is_held=True)
    alone = times(bench, is_held=False)
    return [
        Row("`celery --version`", "ms", held["version"], "a process that does nothing", held["nothing"]),
        Row("`celery apply` to confirmed, a worker runs", "ms", held["apply"], TRANSACTION, held["transaction"]),
        Row("… beyond nothing and one transaction", "ms", beyond(held), aim=("<", 3)),
        Row("`celery apply` to confirmed, nobody else", "ms", alone["apply"], TRANSACTION, alone["transaction"]),
        Row("… beyond nothing and one transaction", "ms", beyond(alone), aim=("<", 3)),
    ]


def beyond(taken):
    """What apply adds: the peer's process is `nothing` and the transaction together."""
    return [apply - transaction for apply, transaction in zip(taken["apply"], taken["transaction"])]


def times(bench, is_held):
    """Milliseconds of each command, round by round."""
    project = bench.project()
    project.add_script("add", ADD)
    project.celery("syncdb")
    target = project.folder / "peer.db"
    holder = sqlite3.connect(target)
    holder.execute("PRAGMA journal_mode = WAL")
    holder.execute("CREATE TABLE message (tag INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    worker = None
    if is_held:
        # Takes from another queue, so that it only keeps the database open, as `holder` keeps its own.
        worker = project.worker("-Q", "other", "-c", "1")
    else:
        holder.close()
    commands = {
        "nothing": [bench.peer("nothing")],
        "transaction": [bench.peer("transaction"), target],
        "version": [bench.celery, "--version"],
        "apply": [bench.celery, "apply", "demo.tasks.add", "2", "3"],
    }
    words = [bench.peer("timer"), bench.pick(300, 100)]
    for command in commands.values():
        words += ["--", *command]
    rounds = [[int(text) / 1e6 for text in line.split()] for line in bench.run(words, cwd=project.folder).splitlines()]
    if worker:
        project.stop(worker)
        holder.close()
    return dict(zip(commands, zip(*rounds)))
