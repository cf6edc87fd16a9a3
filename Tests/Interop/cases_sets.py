"""Task-sets that our command makes and Python restores, and the other way round."""

import json
import os
import uuid

from celery import group
from celery.result import AsyncResult, GroupResult

from cases_shell import celery
from interop_case import Wrong, case, same


@case(needs=["ours", "store"])
def shell_set_that_python_restores(run):
    lines = "".join(json.dumps({"task": "interop.tasks.add", "args": [number, 1]}) + "\n" for number in range(20))
    identity = celery("apply", "-q", "--batch", "-", "--set", input=lines).expect().output.strip()
    restored = GroupResult.restore(identity, app=run.app)
    same(isinstance(restored, GroupResult), True, "a group")
    same(run.get(restored), list(range(1, 21)))
    same(restored.completed_count(), 20, "count")
    celery("taskset", identity).expect("TOTAL\t20\nSUCCESS\t20\n")


@case(needs=["ours", "store"])
def shell_set_with_a_failure(run):
    lines = "".join(json.dumps({"task": f"interop.tasks.{name}", "args": args}) + "\n" for name, args in (("add", [1, 1]), ("fail", ["x"])))
    identity = celery("apply", "-q", "--batch", "-", "--set", input=lines).expect().output.strip()
    celery("taskset", "--wait", "--timeout", 30, identity).expect("TOTAL\t2\nFAILURE\t1\nSUCCESS\t1\n", status=1)
    restored = GroupResult.restore(identity, app=run.app)
    same((restored.ready(), restored.successful(), restored.failed(), restored.completed_count()), (True, False, True, 1), "states")


@case(needs=["ours", "store"])
def shell_shows_a_group_that_python_saved(run):
    sent = group(run.sign("add", number, 1) for number in range(3)).apply_async()
    sent.save()
    same(run.get(sent), [1, 2, 3])
    celery("taskset", sent.id).expect("TOTAL\t3\nSUCCESS\t3\n")
    celery("taskset", "--results", sent.id).expect("1\n2\n3\n")


@case(needs=["ours", "lists"])
def shell_lists_a_group_that_python_saved(run):
    sent = group(run.sign("add", number, 1) for number in range(3)).apply_async()
    sent.save()
    same(run.get(sent), [1, 2, 3])
    # Redis does not keep when Python saved it: it may be any line.
    lines = [line.split("\t")[:4] for line in celery("taskset").expect().output.splitlines()]
    same([line for line in lines if line[0] == sent.id], [[sent.id, "3", "3", "0"]], "line")


@case(needs=["ours", "store"])
def shell_shows_a_large_group(run):
    """As many as we keep in such a row, if there is time."""
    count = int(os.environ["INTEROP_LARGE"])
    saved = GroupResult(str(uuid.uuid4()), [AsyncResult(str(uuid.uuid4()), app=run.app) for _ in range(count)], app=run.app)
    saved.save()
    celery("taskset", saved.id).expect(f"TOTAL\t{count}\nPENDING\t{count}\n", status=75)
    found = json.loads(celery("--json", "taskset", saved.id).expect(status=75).output)
    if (found["total"], found["done"]) != (count, 0):
        raise Wrong(f"found {found}")
    saved.delete()
    celery("taskset", saved.id).expect("", status=127)
