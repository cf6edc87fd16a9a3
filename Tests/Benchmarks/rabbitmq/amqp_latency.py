"""From a task submitted to its result, over rpc, again and again inside one process.

Ours is a Swift program that uses the `Celery` library as any program would; against
`delay().get()` in Python, each with its own worker of two processes.
"""

import statistics

from broker import QUEUE
from latency import p99
from report import Row


def measure(bench):
    count = bench.pick(500, 100)
    project = bench.broker_project(CELERY_RESULT_BACKEND="rpc://")
    ours, python = [], []
    bench.empty(QUEUE)
    for _ in range(bench.pick(5, 3)):
        worker = bench.worker(project).wait()
        ours.append(numbers(bench.run([bench.round_trip, bench.url, "rpc://", count], cwd=project.folder)))
        worker.stop()
        worker = bench.python_worker(project, 4).wait()
        python.append(numbers(bench.python_peer("celery_round_trip", count)))
        worker.stop()
    what = "a task to its result over rpc, inside one process"
    return [
        Row(f"{what}, {name}", "ms", [point(samples) for samples in ours], "Python `delay().get()`",
            [point(samples) for samples in python])
        for name, point in (("p50", statistics.median), ("p99", p99))
    ]


def numbers(text):
    return [float(line) for line in text.split()]
