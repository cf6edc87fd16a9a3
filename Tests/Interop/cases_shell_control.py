"""Our `celery inspect` and `celery control` ask the workers, whoever they are."""

import json

from cases_shell import celery, shell
from interop_case import Wrong, same


def ask(kind, *words, of=None, status=0):
    """The answer of the one worker: what it said, or the error. Asked by name, it is not waited for after it has answered."""
    ended = celery("--json", kind, *(["-t", 20, "-d", of] if of else ["-t", 3]), *words).expect(status=status)
    answers = [json.loads(line) for line in ended.output.splitlines()]
    same(len(answers), 1, f"answers to {' '.join(map(str, words))}")
    return answers[0].get("reply", answers[0].get("error"))


def name_of_worker():
    """The one that answers when all are asked."""
    answer = json.loads(celery("--json", "inspect", "-t", 3, "ping").expect().output)
    same(answer["reply"], {"ok": "pong"}, "ping")
    return answer["worker"]


@shell
def shell_inspect(run):
    name = name_of_worker()
    same(ask("inspect", "active", of=name), [])
    same(ask("inspect", "reserved", of=name), [])
    same(ask("inspect", "query_task", "nope", of=name), {})
    stats = ask("inspect", "stats", of=name)
    same((stats["pool"]["max-concurrency"], len(stats["rusage"])), (4, 16), "stats")
    if run.queue not in [queue["name"] for queue in ask("inspect", "active_queues", of=name)]:
        raise Wrong("active_queues")
    if not any(line.startswith("interop.tasks.exhaust [max_retries=") for line in ask("inspect", "registered", "max_retries", of=name)):
        raise Wrong("registered")
    if "celery-secret" in json.dumps(ask("inspect", "conf", "yes", of=name)):
        raise Wrong("conf tells a password")
    if "software" not in ask("inspect", "report", of=name)["ok"]:
        raise Wrong("report")
    same(set(ask("inspect", "clock", of=name)), {"clock"})
    ask("inspect", "memsample", of=name)


@shell
def shell_inspect_text(run):
    name = name_of_worker()
    celery("inspect", "-d", name, "-t", 30, "ping").expect(f"->  {name}: OK\n    pong\n")
    celery("inspect", "--pattern", name[:2] + "*", "ping").expect(f"->  {name}: OK\n    pong\n")
    celery("inspect", "-d", f"{name},nobody@nowhere", "ping").expect(f"->  {name}: OK\n    pong\n", status=69)
    celery("inspect", "--pattern", "nobody*", "-t", 0.3, "ping").expect("", status=69)


@shell
def shell_control(run):
    name = name_of_worker()
    same(ask("control", "pool_grow"), {"ok": "pool will grow"})
    same(ask("control", "pool_shrink", 1, of=name), {"ok": "pool will shrink"})
    same(ask("control", "autoscale", 3, 1, of=name, status=1), "ValueError('Autoscale not enabled')")
    same(ask("control", "time_limit", "interop.tasks.now", 30, 60, of=name), {"ok": "time limits set successfully"})
    same(ask("control", "time_limit", "nosuch", 30, of=name, status=1), "unknown task")
    same(ask("control", "add_consumer", "aside", of=name), {"ok": "add consumer aside"})
    celery("apply", "-q", "interop.tasks.add", 2, 3, "--queue", "aside", "--wait").expect("5\n")
    same(ask("control", "cancel_consumer", "aside", of=name), {"ok": "no longer consuming from aside"})
    celery("control", "pool_grw").expect("", status=64)


@shell
def shell_status_tells_of_any_worker(run):
    found = json.loads(celery("--json", "status").expect().output)
    if not found["pid"] or run.queue not in found["queues"]:
        raise Wrong(f"status: {found}")
