"""Messages a second of `celery apply --batch`, whole processes, all confirmed: to `celery broker`, and to RabbitMQ."""

from broker import NOTHING, QUEUE
from report import Row


def measure(bench):
    count = bench.pick(50_000, 20_000)
    rabbit = bench.rabbit_project()
    ours, theirs = [], []
    for _ in range(bench.pick(5, 3)):
        served = bench.serve()
        lines = served.client.lines(count, {"task": NOTHING, "ignore_result": True})
        with lines.open() as stdin:
            ours.append(count / bench.seconds([bench.celery, "apply", "-q", "--batch", "-"], cwd=served.client.folder, stdin=stdin))
        if served.waiting() != count:
            raise AssertionError(f"{served.waiting()} messages of {count}")
        served.stop()
        bench.empty(QUEUE)
        with lines.open() as stdin:
            theirs.append(count / bench.seconds([bench.celery, "apply", "-q", "--batch", "-"], cwd=rabbit.folder, stdin=stdin))
        bench.check_depth(count, is_confirmed=True)
    bench.empty(QUEUE)
    return [Row(f"`apply --batch -` of {count:,} to `celery broker`", "messages/s", ours, "the same to RabbitMQ", theirs, aim=(">=", 1), aims_at_ratio=True)]
