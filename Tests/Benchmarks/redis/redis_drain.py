"""No-op tasks a second with two processes from Redis, while more waits in the queue; without results, and with results in the same Redis.

Counted between 85 % and 15 % of what was there. Against Python's worker with its usual prefetch and with a hundred for each process, and
against a C loop that takes 64 messages, holds them where kombu does, and settles them, with or without their results, in one pipeline each.
"""

import time

from redisbroker import QUEUE
from report import Row

C = "C, 64 at a time"


def measure(bench):
    count, fewer = bench.pick(60_000, 20_000), bench.pick(12_000, 6_000)
    project, rows = bench.project_here(), []
    for wanted, what in ((False, "no results"), (True, "results in Redis")):
        template = bench.template(wants_result=wanted)
        ours, raw, pythons = [], [], {4: [], 100: []}
        for _ in range(bench.pick(5, 3)):
            ours.append(rate(bench, template, count, lambda: bench.worker(project)))
            bench.fill(template, count)
            raw.append(count / float(bench.run([
                bench.peer("redis", library="c"), bench.server.facts["PORT"], "default-secret", QUEUE, str(count), "1" if wanted else "0"])))
            for prefetch, rates in pythons.items():
                rates.append(rate(bench, template, fewer, lambda: bench.python_worker(project, prefetch)))
        row = f"drain of {count:,} no-op Swift tasks from Redis, {what}"
        rows += [
            Row(row, "tasks/s", ours, f"Python prefork, prefetch {prefetch}", rates, aim=(">=", 5), aims_at_ratio=True)
            for prefetch, rates in pythons.items()
        ]
        rows.append(Row(row, "tasks/s", ours, C, raw, aim=(">=", 0.6), aims_at_ratio=True))
    return rows


def rate(bench, template, count, start):
    """Fills the queue, starts a worker, and watches it."""
    bench.fill(template, count)
    worker = start()
    try:
        worker.until(lambda: bench.depth() <= count * 0.85)
        began, first = time.perf_counter(), bench.depth()
        worker.until(lambda: bench.depth() <= count * 0.15)
        return (first - bench.depth()) / (time.perf_counter() - began)
    finally:
        worker.stop()
