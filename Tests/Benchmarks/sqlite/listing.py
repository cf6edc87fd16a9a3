"""What it costs to look at a million ended tasks: a page of them, by each filter, in a shell and in the dashboard of celery web, and to
select those that failed.

Against sqlite3's shell, which reads as many rows of the same table.
"""

import re
import subprocess
import time
import urllib.error
import urllib.request

from failure import CannotMeasure
from report import Row

FAILED = 1_000
PEER = "SELECT id, state, document, body FROM result ORDER BY number DESC LIMIT 20"
PAGES = {
    "the newest": [],
    "--failed": ["--failed"],
    "--task of one in a thousand": ["--task", "example.divide"],
    "--state SUCCESS --since 1d": ["--state", "SUCCESS", "--since", "1d"],
    "--until 1h (none)": ["--until", "1h"],
    "--queue without tasks": ["--queue", "nothing"],
    "--grep that finds nothing": ["--grep", "no such text"],
}
# The same in the dashboard, whose search ends in time and tells where to go on.
SEARCHES = {
    "the newest": "",
    "failed": "?state=failure",
    "task of one in a thousand": "?task=example.divide",
    "running": "?state=running",
    "success since 1d": "?state=success&since=1d",
    "queue without tasks": "?queue=nothing",
    "text that is nowhere": "?text=no+such+text",
    "failed, with text that is nowhere": "?state=failure&text=no+such+text",
}


def measure(bench):
    count = bench.pick(1_000_000, 100_000)
    project = bench.project()
    project.submit(count // 2, {"task": "example.nothing"}, program=bench.example)
    project.submit(FAILED, {"task": "example.divide", "args": [1, 0]}, program=bench.example)
    project.submit(count // 2, {"task": "example.nothing"}, program=bench.example)
    bench.run([bench.example, "celeryd", "--burst", "-c", "2", "-l", "CRITICAL", "-q"], cwd=project.folder, timeout=900)
    project.check(count // 2 * 2 + FAILED)
    rows = []
    for what, words in PAGES.items():
        seconds, peer = [], []
        for _ in range(bench.pick(11, 5)):
            seconds.append(1_000 * bench.seconds([bench.celery, "list", *words], cwd=project.folder))
            peer.append(1_000 * bench.seconds(["sqlite3", "celery.db", PEER], cwd=project.folder))
        aim = ("<", 50) if not words else ("<", 200) if "--grep" not in words else None
        rows.append(Row(f"celery list, {count:,} ended tasks: {what}", "ms", seconds, "sqlite3, 20 rows", peer, aim=aim))
    rows += dashboard(bench, project, count)
    rows.append(Row(
        f"memory of celery retry --failed --dry-run, {count:,} ended tasks", "MB",
        [peak(bench, project, "--failed") for _ in range(3)]))
    rows.append(Row(
        f"memory of celery retry --state SUCCESS --dry-run, {count:,} ended tasks", "MB",
        [peak(bench, project, "--state", "SUCCESS")], aim=("<", 60)))
    return rows


def dashboard(bench, project, count, *words, where=""):
    """The time until a page of tasks has been read, by each filter. `words` are options of celery web, `where` says what they name."""
    log = project.folder / "web.log"
    server = bench.start([bench.celery, "web", "-q", "--bind", "127.0.0.1:0", "-f", log, *words], cwd=project.folder)
    end = time.monotonic() + 30
    while not (found := re.search(r"Answering at (http://\S+)", log.read_text() if log.exists() else "")):
        if server.poll() is not None or time.monotonic() > end:
            raise CannotMeasure("celery web does not start")
        time.sleep(0.01)
    rows = []
    for what, query in SEARCHES.items():
        seconds = []
        for _ in range(bench.pick(11, 5)):
            began = time.perf_counter()
            try:
                with urllib.request.urlopen(f"{found[1]}tasks{query}", timeout=60) as answer:
                    answer.read()
            except urllib.error.URLError as error:
                raise CannotMeasure(f"/tasks{query}: {error}")
            seconds.append(1_000 * (time.perf_counter() - began))
        rows.append(Row(f"page of celery web, {count:,} ended tasks{where}: {what}", "ms", seconds, aim=("<", 50 if not query else 200)))
    bench.kill(server)
    return rows


def peak(bench, project, *words):
    """The most memory that a command had resident."""
    done = subprocess.run(
        ["/usr/bin/time", "-v", bench.celery, "retry", "--dry-run", *words], cwd=project.folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, timeout=900)
    found = re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise CannotMeasure(f"celery retry ended with {done.returncode}: {done.stderr[-300:]}")
    return int(found[1]) / 1024
