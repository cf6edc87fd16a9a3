"""From a task submitted to its result, on Redis alone, again and again inside one process; against `delay().get()` in Python, each with its
own worker of two processes. And what each worker holds in memory afterwards."""

import statistics

from latency import p99
from processes import descendants, pss
from report import Row


def measure(bench):
    count = bench.pick(500, 100)
    project = bench.project_here()
    ours, python, memory, python_memory = [], [], [], []
    for _ in range(bench.pick(5, 3)):
        bench.empty()
        worker = bench.worker(project)
        ours.append(numbers(bench.run([bench.round_trip, bench.url, bench.url, str(count)], cwd=project.folder)))
        memory.append(pss(descendants(worker.process.pid)))
        worker.stop()
        bench.empty()
        worker = bench.python_worker(project, 4)
        python.append(numbers(bench.python_peer("celery_round_trip", count)))
        python_memory.append(pss(descendants(worker.process.pid)))
        worker.stop()
    what = "a task to its result on Redis alone, inside one process"
    return [
        Row(f"{what}, {name}", "ms", [point(samples) for samples in ours], "Python `delay().get()`", [point(samples) for samples in python])
        for name, point in (("p50", statistics.median), ("p99", p99))
    ] + [Row("memory of a worker with two children on Redis (PSS)", "MB", memory, "Python prefork", python_memory)]


def numbers(text):
    return [float(line) for line in text.split()]
