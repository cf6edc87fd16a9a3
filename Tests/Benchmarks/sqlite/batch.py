"""Messages a second of `celery apply --batch`, from its start to its end.

Against Python's sqlite3 inserting the very same bytes into one indexed table, with one
durable transaction for each 5,000; starting Python and reading the rows does not count.
"""

import subprocess
import sys

from bench import HERE
from project import remove_database
from report import Row

PYTHON = "Python `executemany` of the same bytes"


def measure(bench):
    count = bench.pick(100_000, 20_000)
    project = bench.project()
    project.add_script("add", "#!/bin/sh\n")
    file = project.lines(count, {"task": "demo.tasks.add", "args": [2, 3]})
    rates = {"file": [], "pipe": [], "peer": []}
    target = project.folder / "peer.db"
    for _ in range(bench.pick(5, 3)):
        for way in ("file", "pipe"):
            project.remove()
            project.celery("syncdb")
            rates[way].append(count / submit(bench, project, file, way))
            project.check(results=0, waiting=count)
        remove_database(target)
        taken = bench.run([sys.executable, HERE / "peers" / "insert.py", project.database, target])
        rates["peer"].append(count / float(taken))
    return [
        Row(f"`apply --batch` of {count:,} from a {way}", "messages/s", rates[way], PYTHON, rates["peer"],
            aim=(">=", 50_000))
        for way in ("file", "pipe")
    ]


def submit(bench, project, file, way):
    """Seconds that one batch takes."""
    if way == "file":
        return bench.seconds([bench.celery, "apply", "--batch", file], cwd=project.folder)
    writer = bench.start(["cat", file], stdout=subprocess.PIPE)
    try:
        return bench.seconds([bench.celery, "apply", "--batch", "-"], cwd=project.folder, stdin=writer.stdout)
    finally:
        writer.stdout.close()
        bench.kill(writer)
