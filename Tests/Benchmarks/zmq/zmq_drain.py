"""No-op tasks a second with two processes and results, from `celery broker` and from RabbitMQ, until the last has ended."""

import time

from broker import NOTHING, QUEUE
from failure import CannotMeasure
from report import Row


def measure(bench):
    count = bench.pick(40_000, 10_000)
    rabbit = bench.broker_project()
    ours, theirs = [], []
    for _ in range(bench.pick(5, 3)):
        served = bench.serve()
        served.client.submit(count, {"task": NOTHING})
        ours.append(rate(bench.worker(served.client), count, served.results))
        served.stop()
        bench.empty(QUEUE)
        # The file of results, which the worker would make with the first of them.
        rabbit.celery("syncdb")
        rabbit.submit(count, {"task": NOTHING})
        theirs.append(rate(bench.worker(rabbit), count, lambda: rabbit.count("result")))
        rabbit.remove()
    what = f"drain of {count:,} no-op Swift tasks with results from `celery broker`"
    return [Row(what, "tasks/s", ours, "the same from RabbitMQ, results in SQLite", theirs, aim=(">=", 1), aims_at_ratio=True)]


def rate(worker, count, results):
    """Tasks a second between the first tenth and the last result."""
    try:
        begin = wait(worker, count // 10, results)
        end = wait(worker, count, results)
    finally:
        worker.bench.kill(worker.process)
    return (count - begin[1]) / (end[0] - begin[0])


def wait(worker, count, results):
    """When there were so many results, and how many exactly."""
    limit = time.monotonic() + 300
    while (found := results()) < count:
        worker.check()
        if time.monotonic() > limit:
            raise CannotMeasure(f"{found} of {count} results")
        time.sleep(0.005)
    return time.monotonic(), found
