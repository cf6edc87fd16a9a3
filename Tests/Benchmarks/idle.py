"""What a worker with two children costs while nothing happens: memory and processor time.

Against three Python processes that have sqlite3 loaded and sleep: the least that a worker
written in Python would be.
"""

import sys
import time

from failure import CannotMeasure
from processes import descendants, processor_seconds, pss
from report import Row

PYTHON = "import sqlite3, signal; print(flush=True); signal.pause()"


def measure(bench):
    projects = [bench.project() for _ in range(3)]
    memory, pythons = [], []
    for project in projects:
        # One at a time: what two workers share counts half for each.
        worker = start(project)
        memory.append(pss(family(worker)))
        project.stop(worker)
        pythons.append(python_memory(bench))
    families = [family(start(project)) for project in projects]
    busy = processor_shares(families, seconds=bench.pick(30, 10))
    return [
        Row("memory of an idle worker with two children (PSS)", "MB", memory, "three idle Pythons with sqlite3", pythons,
            aim=("<", 25)),
        Row("processor time of an idle worker", "% of a core", busy, aim=("<", 0.2)),
    ]


def start(project):
    """Starts a worker and lets it come to rest."""
    project.celery("syncdb")
    worker = project.worker("-c", "2")
    time.sleep(2)
    return worker


def family(worker):
    """The processes of a worker with two children."""
    found = descendants(worker.pid)
    if len(found) != 3:
        raise CannotMeasure(f"the worker and its two children are {len(found)} processes")
    return found


def processor_shares(families, seconds):
    """Percent of one processor that each worker uses over some time."""
    began, before = time.monotonic(), [processor_seconds(pids) for pids in families]
    time.sleep(seconds)
    passed = time.monotonic() - began
    return [(processor_seconds(pids) - used) / passed * 100 for pids, used in zip(families, before)]


def python_memory(bench):
    """PSS of three sleeping Pythons."""
    processes = [bench.start([sys.executable, "-c", PYTHON], stdout=-1) for _ in range(3)]
    for process in processes:
        process.stdout.readline()
    size = pss([process.pid for process in processes])
    for process in processes:
        process.stdout.close()
        bench.kill(process)
    return size
