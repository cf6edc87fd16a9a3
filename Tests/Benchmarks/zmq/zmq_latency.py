"""From a task submitted to its result, again and again inside one process: by `celery broker`, and by RabbitMQ over rpc."""

import statistics

from amqp_latency import numbers
from broker import QUEUE
from latency import p99
from report import Row


def measure(bench):
    count = bench.pick(500, 100)
    rabbit = bench.rabbit_project()
    ours, theirs = [], []
    for _ in range(bench.pick(5, 3)):
        served = bench.serve()
        worker = bench.worker(served.client)
        served.client.celery("apply", "--wait", "-q", "example.nothing", program=bench.celery)
        ours.append(numbers(bench.run([bench.round_trip, served.url, served.url, count], cwd=served.client.folder)))
        bench.kill(worker.process)
        served.stop()
        bench.empty(QUEUE)
        worker = bench.worker(rabbit).wait()
        theirs.append(numbers(bench.run([bench.round_trip, bench.url, "rpc://", count], cwd=rabbit.folder)))
        worker.stop()
    what = "a task to its result by `celery broker`, inside one process"
    return [
        Row(f"{what}, {name}", "ms", [point(samples) for samples in ours], "the same by RabbitMQ over rpc", [point(samples) for samples in theirs], **aim)
        for name, point, aim in (("p50", statistics.median, {"aim": ("<", 1), "aims_at_ratio": True}), ("p99", p99, {}))
    ]
