"""Our `celery inspect` and `celery control` ask the workers, whoever they are."""

import json

from cases_shell import celery, shell
from interop_case import Wrong, same


def ask(kind, *words, status=0):
    """The answer of the one worker: what it said, or the error."""
    ended = celery("--json", kind, "-t", 3, *words).expect(status=status)
    answers = [json.loads(line) for line in ended.output.splitlines()]
    same(len(answers), 1, f"answers to {' '.join(map(str, words))}")
    return answers[0].get("reply", answers[0].get("error"))


@shell
def shell_inspect(run):
    same(ask("inspect", "ping"), {"ok": "pong"})
    same(ask("inspect", "active"), [])
    same(ask("inspect", "reserved"), [])
    same(ask("inspect", "query_task", "nope"), {})
    stats = ask("inspect", "stats")
    same((stats["pool"]["max-concurrency"], len(stats["rusage"])), (4, 16), "stats")
    if run.queue not in [queue["name"] for queue in ask("inspect", "active_queues")]:
        raise Wrong("active_queues")
    if not any(line.startswith("interop.tasks.exhaust [max_retries=") for line in ask("inspect", "registered", "max_retries")):
        raise Wrong("registered")
    if "celery-secret" in json.dumps(ask("inspect", "conf", "yes")):
        raise Wrong("conf tells a password")
    if "software" not in ask("inspect", "report")["ok"]:
        raise Wrong("report")
    same(set(ask("inspect", "clock")), {"clock"})
    ask("inspect", "memsample")


@shell
def shell_inspect_text(run):
    name = json.loads(celery("--json", "inspect", "-t", 2, "ping").expect().output)["worker"]
    celery("inspect", "-d", name, "-t", 30, "ping").expect(f"->  {name}: OK\n    pong\n")
    celery("inspect", "--pattern", name[:2] + "*", "ping").expect(f"->  {name}: OK\n    pong\n")
    celery("inspect", "-d", f"{name},nobody@nowhere", "ping").expect(f"->  {name}: OK\n    pong\n", status=69)
    celery("inspect", "--pattern", "nobody*", "-t", 0.3, "ping").expect("", status=69)


@shell
def shell_control(run):
    same(ask("control", "pool_grow"), {"ok": "pool will grow"})
    same(ask("control", "pool_shrink", 1), {"ok": "pool will shrink"})
    same(ask("control", "autoscale", 3, 1, status=1), "ValueError('Autoscale not enabled')")
    same(ask("control", "time_limit", "interop.tasks.now", 30, 60), {"ok": "time limits set successfully"})
    same(ask("control", "time_limit", "nosuch", 30, status=1), "unknown task")
    same(ask("control", "add_consumer", "aside"), {"ok": "add consumer aside"})
    celery("apply", "-q", "interop.tasks.add", 2, 3, "--queue", "aside", "--wait").expect("5\n")
    same(ask("control", "cancel_consumer", "aside"), {"ok": "no longer consuming from aside"})
    celery("control", "pool_grw").expect("", status=64)


@shell
def shell_status_tells_of_any_worker(run):
    found = json.loads(celery("--json", "status").expect().output)
    if not found["pid"] or run.queue not in found["queues"]:
        raise Wrong(f"status: {found}")
