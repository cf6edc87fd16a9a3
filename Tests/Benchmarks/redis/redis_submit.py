"""Messages a second of `celery apply --batch` to Redis, whole processes, against Python's `apply_async` in a loop, starting Python not counted."""

from redisbroker import NOTHING
from report import Row


def measure(bench):
    count, fewer = bench.pick(50_000, 20_000), bench.pick(5_000, 2_000)
    project = bench.project_here()
    lines = project.lines(count, {"task": NOTHING, "ignore_result": True})
    ours, python = [], []
    for _ in range(bench.pick(5, 3)):
        bench.empty()
        with lines.open() as stdin:
            ours.append(count / bench.seconds([bench.celery, "apply", "-q", "--batch", "-"], cwd=project.folder, stdin=stdin))
        if bench.depth() != count:
            raise AssertionError(f"{bench.depth()} messages of {count}")
        bench.empty()
        python.append(fewer / float(bench.python_peer("celery_submit", fewer)))
    return [Row(f"`apply --batch -` of {count:,} to Redis", "messages/s", ours, "Python `apply_async`", python, aim=(">=", 5), aims_at_ratio=True)]
