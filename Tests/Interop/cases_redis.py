"""What only results in Redis have: keys, times, channels, chords that the workers count together."""

import json
import threading
import uuid

from celery import __version__ as version
from celery import chord
from celery.backends import base

from app import make
from cases_canvas import failed
from cases_shell import celery
from interop_case import Wrong, case, raised, same


def key(identity):
    return f"celery-task-meta-{identity}"


@case(needs=["redis"])
def redis_result_is_a_key_that_expires(run):
    result = run.send("add", 2, 3)
    same(run.get(result), 5)
    client = run.app.backend.client
    document = json.loads(client.get(key(result.id)))
    same((document["status"], document["result"], document["task_id"]), ("SUCCESS", 5, result.id), "document")
    if client.ttl(key(result.id)) <= 0:
        raise Wrong("the result never expires")


@case(needs=["redis"])
def redis_result_is_told_on_its_channel(run):
    """Not by the client's own machinery, which would also look."""
    identity = str(uuid.uuid4())
    listener = run.app.backend.client.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(key(identity))
    listener.get_message(timeout=5)
    run.send("add", 1, 1, task_id=identity)
    found = run.until(lambda: listener.get_message(timeout=1), "a message on the channel")
    same(json.loads(found["data"])["task_id"], identity, "id")
    listener.close()


@case(needs=["redis"])
def redis_many_who_wait(run):
    """Each by its subscription, and none is left behind."""
    results = [run.send("add", number, 1) for number in range(100)]
    values = {}

    def wait(number):
        values[number] = run.get(results[number])

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    same(values, {number: number + 1 for number in range(100)}, "values")


@case(needs=["redis"])
def redis_forgets(run):
    result = run.send("add", 1, 2)
    same(run.get(result), 3)
    result.forget()
    same(run.app.backend.client.get(key(result.id)), None, "key")


@case(needs=["redis", "chords"])
def redis_chord_is_counted_and_leaves_nothing(run):
    mark = run.key()
    body = run.sign("mark", mark)
    result = chord([run.sign("add", number, number) for number in range(10)], body).apply_async()
    run.get(result, 60)
    client = run.app.backend.client
    group = f"celery-taskset-meta-{result.parent.id}"
    run.until(lambda: client.get(f"{group}.c") in (b"done", None), "the end of the chord")
    # A Python worker before 5.7 that ends last does not know who was counted.
    records = [".j", ".t", ".s", *([".d"] if run.peer == "ours" or version >= "5.7" else [])]
    run.until(lambda: not any(client.exists(group + suffix) for suffix in records), "the end of the records")
    same(len(run.wait_lines(mark)), 1, "bodies")


@case(needs=["redis", "ours"])
def shell_redis_result_that_python_compressed(run):
    """Since 5.7; a client of an earlier version writes it as it is."""
    backend = make(result_compression="gzip").backend
    identity = str(uuid.uuid4())
    backend.store_result(identity, ["x" * 1000], "SUCCESS")
    magic = getattr(base, "COMPRESSED_PAYLOAD_MAGIC", None)
    if magic and not run.app.backend.client.get(key(identity)).startswith(magic):
        raise Wrong("it is not compressed")
    same(json.loads(celery("--json", "result", identity).expect().output)["result"], ["x" * 1000], "value")


@case(needs=["redis", "ours"])
def shell_redis_failure_that_python_stored(run):
    result = run.send("fail", "broken")
    raised(run.failure(result), *failed(run))
    # A program's own status, or that of an exception.
    celery("result", result.id).expect(status=3 if run.peer == "ours" else 1)


@case(needs=["redis", "ours"])
def shell_redis_key_prefix(run):
    backend = make(result_backend_transport_options={"global_keyprefix": "shop"}).backend
    identity = str(uuid.uuid4())
    backend.store_result(identity, 7, "SUCCESS")
    same(run.app.backend.client.exists(f"shop_{key(identity)}"), 1, "key")
    celery("result", identity, env={"CELERY_RESULT_KEY_PREFIX": "shop"}).expect("7\n")


@case(needs=["redis", "ours"])
def shell_redis_forgets_what_python_stored(run):
    result = run.send("add", 1, 2)
    same(run.get(result), 3)
    celery("result", "--forget", result.id).expect("3\n")
    same(run.app.backend.client.exists(key(result.id)), 0, "key")
