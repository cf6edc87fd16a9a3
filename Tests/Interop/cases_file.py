"""What only results in a folder have: files that others can look at, and that are cleaned up."""

import json
import os
import pathlib
import time
import uuid

from cases_canvas import failed
from cases_shell import celery
from interop_case import case, raised, same


def folder(run):
    return pathlib.Path(run.app.conf.result_backend.removeprefix("file://"))


def file(run, identity):
    return folder(run) / f"celery-task-meta-{identity}"


@case(needs=["file"])
def file_result_is_a_file(run):
    result = run.send("add", 2, 3)
    same(run.get(result), 5)
    document = json.loads(file(run, result.id).read_bytes())
    same((document["status"], document["result"], document["task_id"]), ("SUCCESS", 5, result.id), "document")


@case(needs=["file"])
def file_forgets(run):
    result = run.send("add", 1, 2)
    same(run.get(result), 3)
    result.forget()
    same(file(run, result.id).exists(), False, "file")


@case(needs=["file"])
def file_is_cleaned_up(run):
    """By Python's `cleanup`, whoever has written it."""
    old, new = run.send("add", 1, 2), run.send("add", 3, 4)
    same((run.get(old), run.get(new)), (3, 7))
    hours = time.time() - 2 * 3600
    os.utime(file(run, old.id), (hours, hours))
    run.app.backend.cleanup()
    same((file(run, old.id).exists(), file(run, new.id).exists()), (False, True), "files")


@case(needs=["file", "ours"])
def shell_file_failure_that_python_stored(run):
    result = run.send("fail", "broken")
    raised(run.failure(result), *failed(run))
    # A program's own status, or that of an exception.
    celery("result", result.id).expect(status=3 if run.peer == "ours" else 1)


@case(needs=["file", "ours"])
def shell_file_forgets_what_python_stored(run):
    result = run.send("add", 1, 2)
    same(run.get(result), 3)
    celery("result", "--forget", result.id).expect("3\n")
    same(file(run, result.id).exists(), False, "file")


@case(needs=["file", "ours"])
def shell_file_that_is_half_written(run):
    """As a reader may find it while Python writes."""
    identity = str(uuid.uuid4())
    run.app.backend.store_result(identity, 7, "SUCCESS")
    whole = file(run, identity).read_bytes()
    file(run, identity).write_bytes(b"")
    celery("result", identity).expect("", status=75)
    file(run, identity).write_bytes(whole)
    celery("result", identity).expect("7\n")
