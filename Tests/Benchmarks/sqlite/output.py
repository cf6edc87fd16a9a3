"""What it costs a worker to keep the output of attempts.

A Swift task logs 300 bytes, which is kept as its output: as many attempts with and without
keeping it, their rate, the most memory of the worker and its children, and the size of the
file for each attempt.
"""

import os
import threading
import time

from failure import CannotMeasure
from processes import descendants, pss
from report import Row

TEXT = "x" * 280


def measure(bench):
    count = bench.pick(100_000, 5_000)
    project = bench.project()
    project.configure(CELERYD_DAEMON_LOG_LEVEL="ERROR")
    project.submit(count, {"task": "example.announce", "args": [TEXT]}, program=bench.example)
    project.save()
    rates, plain_rates, memory, plain_memory, sizes = [], [], [], [], []
    for _ in range(bench.pick(3, 1)):
        for kept, rate, most in (("64k", rates, memory), ("0", plain_rates, plain_memory)):
            project.restore()
            seconds, peak = drain(bench, project, kept)
            rate.append(count / seconds)
            most.append(peak)
            project.check(results=count)
            if kept != "0":
                if project.count("output") != count:
                    raise CannotMeasure(f"{project.count('output')} outputs instead of {count}")
                sizes.append(os.path.getsize(project.database) / count)
    return [
        Row(f"drain of {count:,} tasks that write 300 bytes, kept", "tasks/s", rates, "the same, not kept", plain_rates,
            aim=(">=", 0.6), aims_at_ratio=True),
        Row("most memory of the worker and two children meanwhile (PSS)", "MB", memory, "the same, not kept", plain_memory,
            aim=("<", 1.5), aims_at_ratio=True),
        Row("size of the file with result and output", "bytes/attempt", sizes),
    ]


def drain(bench, project, kept):
    """Runs a worker until the queues are empty. Returns seconds, and its peak memory in MB."""
    environment = {**os.environ, "CELERYD_TASK_OUTPUT_BYTES": kept}
    start = time.monotonic()
    worker = bench.start([bench.example, "celeryd", "--burst", "-c", "2", "-q"], cwd=project.folder, env=environment)
    peak = 0

    def look():
        nonlocal peak
        while worker.poll() is None:
            try:
                peak = max(peak, pss(descendants(worker.pid)))
            except (OSError, TypeError):  # gone, or ending
                pass
            time.sleep(0.2)

    looker = threading.Thread(target=look)
    looker.start()
    if worker.wait(timeout=900):
        raise CannotMeasure(f"the worker ended with {worker.returncode}")
    seconds = time.monotonic() - start
    looker.join()
    return seconds, peak
