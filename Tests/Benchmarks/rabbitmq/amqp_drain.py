"""No-op tasks a second with two processes, while much more waits in the queue.

Taken between 85 % and 15 % of what was there, so that starting does not count, and neither
does what a worker holds. Against Python's worker with its usual prefetch and with one of a
hundred for each process, and against a C loop that consumes and acknowledges and runs nothing.
"""

from broker import QUEUE, REPLIES
from failure import CannotMeasure
from report import Row

ONE, MANY = "C, each acknowledged", "C, fifty acknowledged at once"


def measure(bench):
    count, fewer = bench.pick(60_000, 20_000), bench.pick(12_000, 6_000)
    bench.empty("plain", "wanted", REPLIES)
    bench.python_peer("celery_template", "plain")
    bench.python_peer("celery_template", "wanted", REPLIES)
    kept = bench.broker_project()
    replied = bench.broker_project(CELERY_RESULT_BACKEND="rpc://")
    plain, stored, rpc = [], [], []
    pythons = {(prefetch, wanted): [] for prefetch in (4, 100) for wanted in (False, True)}
    raw = {ONE: [], MANY: []}
    for _ in range(bench.pick(5, 3)):
        plain.append(rate(bench, "plain", count, lambda: bench.worker(kept)))
        for name, multiple in ((ONE, 1), (MANY, 50)):
            bench.fill("plain", count)
            raw[name].append(count / bench.amqp("drain", QUEUE, count, 200, multiple)[0])
        stored.append(rate(bench, "wanted", count, lambda: bench.worker(kept)))
        check(kept.count("result"), count)
        kept.remove()
        rpc.append(rate(bench, "wanted", count, lambda: bench.worker(replied)))
        check_replies(bench, count)
        for (prefetch, wanted), rates in pythons.items():
            template = "wanted" if wanted else "plain"
            rates.append(rate(bench, template, fewer, lambda: bench.python_worker(kept, prefetch)))
            if wanted:
                check_replies(bench, fewer)
    bench.empty(QUEUE, REPLIES)
    return rows(count, plain, stored, rpc, pythons, raw)


def rows(count, plain, stored, rpc, pythons, raw):
    five, most = {"aim": (">=", 5), "aims_at_ratio": True}, {"aim": (">=", 0.6), "aims_at_ratio": True}
    python = "Python prefork, prefetch {}"
    what = f"drain of {count:,} no-op Swift tasks from RabbitMQ"
    unit = "tasks/s"
    found = [Row(f"{what}, no results", unit, plain, python.format(n), pythons[n, False], **five) for n in (4, 100)]
    found += [Row(f"{what}, no results", unit, plain, ONE, raw[ONE], **most), Row(f"{what}, no results", unit, plain, MANY, raw[MANY])]
    for name, rates in (("results in SQLite", stored), ("results over rpc", rpc)):
        found += [Row(f"{what}, {name}", unit, rates, python.format(n) + ", rpc", pythons[n, True], **five) for n in (4, 100)]
    return found


def rate(bench, template, count, start):
    """Fills the queue, starts a worker, and watches it."""
    bench.fill(template, count)
    worker = start()
    try:
        seconds, done = bench.amqp("watch", QUEUE, int(count * 0.85), int(count * 0.15))
    finally:
        worker.stop()
    if done < count * 0.5:
        raise CannotMeasure(f"saw only {done:.0f} of {count} tasks being taken")
    return done / seconds


def check_replies(bench, count):
    check(int(bench.amqp("count", REPLIES)[0]), count)
    bench.empty(REPLIES)


def check(results, count):
    """What was taken was also done, but for what the worker still held."""
    if results < count * 0.7:
        raise CannotMeasure(f"{results} results after {count * 0.85:.0f} tasks were taken")
