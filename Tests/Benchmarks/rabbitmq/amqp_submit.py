"""Messages a second of `celery apply --batch`, whole processes, all confirmed.

Against Python's `apply_async` in a loop, with the confirms that its transport offers and
without any, starting Python not counted; and against a C loop on librabbitmq that sends the
very same messages, at most a thousand unconfirmed, or none confirmed.
"""

from broker import NOTHING, QUEUE
from report import Row


def measure(bench):
    count, fewer = bench.pick(50_000, 20_000), bench.pick(5_000, 2_000)
    project = bench.broker_project()
    lines = project.lines(count, {"task": NOTHING, "ignore_result": True})
    bench.empty("template")
    project.celery("apply", "-q", "--ignore-result", "--queue", "template", NOTHING)
    ours, confirmed, unconfirmed, raw, raw_unconfirmed = [], [], [], [], []
    for _ in range(bench.pick(5, 3)):
        bench.empty(QUEUE)
        with lines.open() as stdin:
            ours.append(count / bench.seconds([bench.celery, "apply", "-q", "--batch", "-"], cwd=project.folder, stdin=stdin))
        bench.check_depth(count, is_confirmed=True)
        raw.append(count / bench.fill("template", count))
        raw_unconfirmed.append(count / bench.fill("template", count, window=0))
        bench.empty(QUEUE)
        confirmed.append(fewer / float(bench.python_peer("celery_submit", fewer, BENCH_CONFIRM="yes")))
        unconfirmed.append(fewer / float(bench.python_peer("celery_submit", fewer)))
        bench.check_depth(2 * fewer + 2, is_confirmed=False)
    what = f"`apply --batch -` of {count:,} to RabbitMQ, confirmed"
    return [
        Row(what, "messages/s", ours, "Python `apply_async`, confirmed", confirmed, aim=(">=", 4), aims_at_ratio=True),
        Row(what, "messages/s", ours, "Python `apply_async`, unconfirmed", unconfirmed, aim=(">=", 4), aims_at_ratio=True),
        Row(what, "messages/s", ours, "C, 1,000 on the way", raw, aim=(">=", 0.6), aims_at_ratio=True),
        Row(what, "messages/s", ours, "C, unconfirmed", raw_unconfirmed),
    ]
