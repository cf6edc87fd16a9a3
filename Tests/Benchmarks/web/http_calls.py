"""HTTP tasks a second, 1,000 at a time, at a server that answers each request after 100 ms; against wrk with as many connections at the same
server, which has nothing to record."""

import time

from report import Row
from free_port import free_port

CALLS = 1_000


def measure(bench):
    count = bench.pick(20_000, 5_000)
    port = free_port()
    server = bench.start([bench.peer("patient", library="c"), port, 100])
    ours, ideal = [], []
    for _ in range(bench.pick(5, 3)):
        project = bench.project()
        with (project.folder / "celery.toml").open("a") as file:
            file.write(f'CELERYD_HTTP_CONCURRENCY = {CALLS}\n\n[task."demo.call"]\nurl = "http://127.0.0.1:{port}/"\n')
        project.submit(count, {"task": "demo.call", "kwargs": {"n": 1}})
        began = time.monotonic()
        project.celery("celeryd", "--burst", "-q", "-l", "error", "-c", "2")
        ours.append(count / (time.monotonic() - began))
        done = sum(1 for line in project.celery("list", "--state", "SUCCESS", "--limit", str(count + 1)).splitlines() if line)
        assert done == count, f"{done} of {count} calls succeeded"
        ideal.append(bench.requests(port, "/", CALLS, 3))
    bench.kill(server)
    return [Row(f"{count:,} HTTP tasks of 100 ms each, {CALLS:,} at a time", "tasks/s", ours, "wrk, the same server", ideal, aim=(">=", 0.8), aims_at_ratio=True)]
