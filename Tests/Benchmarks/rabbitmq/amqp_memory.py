"""What a worker with two children holds in memory when it has run a few thousand tasks.

Proportional set sizes of its three processes, against Python's prefork worker with two.
"""

import time

from broker import QUEUE, REPLIES
from failure import CannotMeasure
from processes import descendants, pss
from report import Row

TASKS = 3_000


def measure(bench):
    bench.empty("wanted", REPLIES)
    bench.python_peer("celery_template", "wanted", REPLIES)
    project = bench.broker_project(CELERY_RESULT_BACKEND="rpc://")
    ours, python = [], []
    for _ in range(bench.pick(5, 2)):
        ours.append(size(bench, lambda: bench.worker(project)))
        python.append(size(bench, lambda: bench.python_worker(project, 4)))
    return [
        Row(f"memory of a worker with two children on RabbitMQ after {TASKS:,} tasks (PSS)", "MB", ours,
            "Python prefork", python, aim=("<", 0.25), aims_at_ratio=True),
    ]


def size(bench, start):
    bench.empty(REPLIES)
    bench.fill("wanted", TASKS)
    worker = start()
    for _ in range(600):
        if bench.amqp("count", REPLIES)[0] >= TASKS:
            break
        worker.check()
        time.sleep(0.1)
    else:
        raise CannotMeasure("the tasks do not end")
    time.sleep(1)
    pids = descendants(worker.process.pid)
    if len(pids) != 3:
        raise CannotMeasure(f"the worker and its two children are {len(pids)} processes")
    found = pss(pids)
    worker.stop()
    return found
