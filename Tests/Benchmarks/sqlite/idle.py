"""What a worker with two children costs while nothing happens: memory and processor time.

Against three Python processes that have sqlite3 loaded and sleep: the least that a worker
written in Python would be. Other workers of the same program share its pages, and would
make these look smaller than they are.
"""

import subprocess
import sys
import time

from failure import CannotMeasure
from processes import descendants, processor_seconds, pss, running
from report import Row

PYTHON = "import sqlite3, signal; print(flush=True); signal.pause()"


def measure(bench):
    others = running(bench.celery)
    if others:
        bench.say(f"  {len(others)} other processes of {bench.celery} run and share memory with those measured")
    projects = [bench.project() for _ in range(3)]
    memory, own, pythons, python_own = [], [], [], []
    for project in projects:
        # One at a time: what two workers share counts half for each.
        worker = start(project)
        pids = family(worker)
        memory.append(pss(pids))
        own.append(pss(pids, "Pss_Anon"))
        project.stop(worker)
        whole, anonymous = python_memory(bench)
        pythons.append(whole)
        python_own.append(anonymous)
    families = [family(start(project)) for project in projects]
    busy = processor_shares(families, seconds=bench.pick(30, 10))
    return [
        Row("memory of an idle worker with two children (PSS)", "MB", memory, "three idle Pythons with sqlite3", pythons,
            aim=("<", 15)),
        Row("… of which not pages of files", "MB", own, "three idle Pythons with sqlite3", python_own),
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
    """PSS of three sleeping Pythons, and what of it is not pages of files."""
    processes = [bench.start([sys.executable, "-c", PYTHON], stdout=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        process.stdout.readline()
    pids = [process.pid for process in processes]
    sizes = pss(pids), pss(pids, "Pss_Anon")
    for process in processes:
        process.stdout.close()
        bench.kill(process)
    return sizes
