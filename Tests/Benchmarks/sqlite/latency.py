"""From a task submitted to its program running, on an idle worker.

The task is a C program that returns the time at which it began. `apply` is timed from
outside: when it was started, and when it had printed the id, which is when the broker has
confirmed. Against the least that the way of waking takes: a C program waiting with inotify
for a file's time stamp and starting the same program.
"""

import statistics

from failure import CannotMeasure
from report import Row

PAUSE = 25


def measure(bench):
    project = bench.project()
    stamp = bench.peer("stamp")
    project.add_program("stamp", stamp)
    project.celery("syncdb")
    worker = project.worker("-c", "2")
    touched = project.folder / "touched"
    touched.touch()
    whole, confirmed, least = [], [], []
    for turn in range(bench.pick(20, 5)):
        sent = bench.run([bench.peer("submit"), 20, PAUSE, bench.celery, "apply", "demo.tasks.stamp"], cwd=project.folder)
        moments = [line.split() for line in sent.splitlines()]
        results = project.celery("result", "--wait", *[id for _, _, id in moments]).split()
        if len(results) != len(moments):
            raise CannotMeasure(f"{len(results)} results for {len(moments)} tasks")
        # The very first finds cold caches.
        for (before, after, _), began in list(zip(moments, map(int, results)))[turn == 0:]:
            whole.append((began - int(before)) / 1e6)
            confirmed.append((began - int(after)) / 1e6)
        least += [int(line) / 1e6 for line in bench.run([bench.peer("wake"), 20, PAUSE, touched, stamp]).split()]
    project.stop(worker)
    peer = "C: inotify and posix_spawn"
    return [
        Row("`apply` called to its program running, p50", "ms", whole, peer, least),
        Row("`apply` called to its program running, p99", "ms", [p99(whole)], peer, [p99(least)]),
        # Below 0 when the program runs before the caller has read the id.
        Row("… from `apply` having printed the id, p50", "ms", confirmed),
        Row("… from `apply` having printed the id, p99", "ms", [p99(confirmed)]),
    ]


def p99(samples):
    """The 99th percentile."""
    return statistics.quantiles(samples, n=100, method="inclusive")[98]
