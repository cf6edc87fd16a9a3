"""Whether much that waits slows a worker down, or fills its memory.

The rate of 10,000 no-op tasks from a queue of a million against a queue of just as many
as are run, and the memory of a worker before 100,000 far-off messages against none.
"""

import time

from failure import CannotMeasure
from processes import pss
from report import Row

TASKS = 10_000
NOTHING = {"task": "example.nothing"}


def measure(bench):
    return [drain(bench, bench.pick(1_000_000, 100_000)), far_off(bench, bench.pick(100_000, 20_000))]


def drain(bench, depth):
    """The same number of tasks from a deep and from a shallow queue."""
    deep, shallow = bench.project(), bench.project()
    deep.submit(depth, NOTHING, program=bench.example)
    shallow.submit(TASKS, NOTHING, program=bench.example)
    shallow.save()
    worker = [bench.example, "celeryd", "--max-tasks", TASKS, "-c", "2", "-l", "WARNING", "-q"]
    rates = {deep: [], shallow: []}
    for _ in range(bench.pick(5, 3)):
        shallow.restore()
        for project in (deep, shallow):
            before = project.count("result")
            seconds = bench.seconds(worker, cwd=project.folder)
            done = project.count("result") - before
            if not 0.9 * TASKS <= done <= TASKS:
                raise CannotMeasure(f"a worker with --max-tasks {TASKS} ran {done}")
            rates[project].append(done / seconds)
    # About 1: what is left is the noise of short runs.
    return Row(f"{TASKS:,} tasks of {depth:,} that wait", "tasks/s", rates[deep], f"of {TASKS:,} that wait",
               rates[shallow], aim=(">=", 0.9), aims_at_ratio=True)


def far_off(bench, count):
    """A worker's own memory with and without messages that are due in days."""
    without, many = bench.project(), bench.project()
    without.celery("syncdb", program=bench.example)
    many.submit(count, NOTHING | {"countdown": 864_000}, program=bench.example)
    sizes = {without: [], many: []}
    for _ in range(bench.pick(5, 2)):
        for project in (many, without):
            worker = project.worker("-c", "2", program=bench.example)
            time.sleep(1)
            sizes[project].append(pss([worker.pid]))
            project.stop(worker)
    return Row(f"memory of a worker before {count:,} far-off messages (PSS)", "MB", sizes[many], "before none",
               sizes[without], aim=("<", 1.1), aims_at_ratio=True)
