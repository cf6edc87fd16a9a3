"""Connections and channels at Redis while one program waits for 100,000 results, a thousand at a time, and after it.

Each wait listens to the channel of its task, as Python's does. What is counted is not the speed: a program has the same few connections
for any number of waits, at most a channel for each wait that is under way, and none when they are over.
"""

import subprocess
import threading
import time

from failure import CannotMeasure
from report import Row

AT_ONCE = 1_000
# How soon channels have to be gone after the last wait, in seconds.
PATIENCE = 60


def measure(bench):
    count = bench.pick(100_000, 5_000)
    project = bench.project_here()
    bench.empty()
    worker = bench.worker(project)
    try:
        bench.run([bench.round_trip, bench.url, bench.url, "1"], cwd=project.folder)
        before = clients(bench)
        process = bench.start(
            [bench.round_trip, bench.url, bench.url, str(count), str(AT_ONCE)], cwd=project.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        ended = []
        reader = threading.Thread(target=lambda: ended.extend(line for _, line in zip(range(count), process.stdout)))
        reader.start()
        connections = channels = 0
        while reader.is_alive():
            connections = max(connections, clients(bench) - before)
            channels = max(channels, heard(bench))
            time.sleep(0.02)
        if len(ended) != count:
            raise CannotMeasure(f"{len(ended)} waits of {count} ended: {process.stderr.read()[-500:]}")
        end = time.monotonic() + PATIENCE
        while heard(bench) > 0 and time.monotonic() < end:
            time.sleep(0.1)
        left, still = heard(bench), clients(bench) - before
        process.stdin.close()
        if process.wait(60) != 0:
            raise CannotMeasure(f"RoundTrip ended with status {process.returncode}")
    finally:
        worker.stop()
    what = f"{count:,} waits for results in Redis inside one process, {AT_ONCE:,} at a time"
    return [
        Row(f"{what}: connections at most", "connections", [connections], aim=("<", 10)),
        Row(f"{what}: connections when they are over", "connections", [still], aim=("<", 10)),
        # Those of the worker's children do not listen.
        Row(f"{what}: channels at most", "channels", [channels], aim=("<", AT_ONCE + 100)),
        Row(f"{what}: channels when they are over", "channels", [left], aim=("<", 1)),
    ]


def number(bench, section, name):
    for line in bench.redis.ask("INFO", section).splitlines():
        if line.startswith(name + ":"):
            return int(line.partition(":")[2])
    raise CannotMeasure(f"Redis does not tell {name}")


def clients(bench):
    return number(bench, "clients", "connected_clients")


def heard(bench):
    """Channels of results that somebody listens to."""
    return len(bench.redis.ask("PUBSUB", "CHANNELS", "celery-task-meta-*"))
