"""What only results in Memcached have: keys that a server drops by itself, chords that the workers count by a number."""

import json
import uuid

from celery import chord

from app import make
from cases_canvas import failed
from cases_shell import celery
from interop_case import Wrong, case, raised, same


def key(identity):
    return f"celery-task-meta-{identity}"


def text(value):
    """What a client gives back, which is text with the clients of Celery before 5.7."""
    return value.decode() if isinstance(value, bytes) else value


@case(needs=["memcached"])
def memcached_result_is_a_key(run):
    result = run.send("add", 2, 3)
    same(run.get(result), 5)
    document = json.loads(text(run.app.backend.client.get(key(result.id))))
    same((document["status"], document["result"], document["task_id"]), ("SUCCESS", 5, result.id), "document")


@case(needs=["memcached"])
def memcached_forgets(run):
    result = run.send("add", 1, 2)
    same(run.get(result), 3)
    result.forget()
    same(run.app.backend.client.get(key(result.id)), None, "key")


@case(needs=["memcached", "chords"])
def memcached_chord_is_counted_and_leaves_nothing(run):
    mark = run.key()
    result = chord([run.sign("add", number, number) for number in range(10)], run.sign("mark", mark)).apply_async()
    run.get(result, 60)
    client = run.app.backend.client
    names = [f"celery-taskset-meta-{result.parent.id}", f"chord-unlock-{result.parent.id}"]
    run.until(lambda: not any(client.get(name) for name in names), "the end of the records")
    same(len(run.wait_lines(mark)), 1, "bodies")


@case(needs=["memcached", "ours"])
def shell_memcached_failure_that_python_stored(run):
    result = run.send("fail", "broken")
    raised(run.failure(result), *failed(run))
    # A program's own status, or that of an exception.
    celery("result", result.id).expect(status=3 if run.peer == "ours" else 1)


@case(needs=["memcached", "ours"])
def shell_memcached_key_prefix(run):
    """Since Celery 5.4."""
    backend = make(result_backend_transport_options={"global_keyprefix": "shop"}).backend
    identity = str(uuid.uuid4())
    backend.store_result(identity, 7, "SUCCESS")
    if run.app.backend.client.get(f"shop_{key(identity)}") is None:
        raise Wrong("no key with the prefix")
    celery("result", identity, env={"CELERY_RESULT_KEY_PREFIX": "shop"}).expect("7\n")


@case(needs=["memcached", "ours"])
def shell_memcached_forgets_what_python_stored(run):
    result = run.send("add", 1, 2)
    same(run.get(result), 3)
    celery("result", "--forget", result.id).expect("3\n")
    same(run.app.backend.client.get(key(result.id)), None, "key")


@case(needs=["memcached", "ours"])
def shell_memcached_by_the_settings_of_the_original(run):
    result = run.send("add", 1, 2)
    same(run.get(result), 3)
    # Without the URL that the other cases name; an empty variable is not set.
    celery("result", result.id, env={
        "CELERY_RESULT_BACKEND": "", "CELERY_BACKEND": "cache", "CELERY_CACHE_BACKEND": run.app.conf.result_backend.split("+")[1],
    }).expect("3\n")
