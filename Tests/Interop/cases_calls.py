"""Calls that succeed: arguments and return values, the forms a message can have, routing."""

import datetime
import decimal
import time
import uuid

import app as configured
from interop_case import Wrong, case, same


@case
def success(run):
    result = run.send("add", 2, 3)
    same(run.get(result), 5)
    same(result.state, "SUCCESS", "state")
    same(result.successful(), True, "successful()")


@case
def delay_with_the_tasks_code(run):
    same(run.get(run.task("add").delay(20, 22)), 42)


@case
def keyword_arguments(run):
    same(run.get(run.send("add", kwargs={"x": 4, "y": 5})), 9)


@case
def state_before_and_after(run):
    result = run.send("sleep", 1, app=configured.make())
    before = result.state
    if before not in ("PENDING", "RECEIVED", "STARTED"):
        raise Wrong(f"state {before} of a task that cannot be done yet")
    run.until(lambda: result.state == "SUCCESS", "state SUCCESS")
    same(run.get(result), 1)
    return f"{before} -> SUCCESS"


@case
def values_of_all_kinds(run):
    values = [
        None, True, 0, -1, 2**53 + 1, 2**70, 1.5, 1e300, "", "text", "snow ☃ and \U0001f600", "5", "line\nline", [], {},
        [1, [2, [3, {"a": None}]]], {"ключ": {"nested": [1.25]}}, "x" * 60_000,
    ]
    results = [run.send("echo", value) for value in values]
    for value, result in zip(values, results):
        same(run.get(result), value)
    return f"{len(values)} values"


@case
def values_with_a_type(run):
    values = [
        datetime.datetime(2026, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc), datetime.date(2026, 2, 3),
        decimal.Decimal("1.10"), uuid.UUID("12345678-1234-5678-1234-567812345678"), b"bytes", b"\xff\x00",
    ]
    for value in values:
        same(run.get(run.send("echo", value)), value)


@case
def bytes_as_an_argument_and_as_a_result(run):
    """A program gets the bytes themselves, and what it prints is bytes where it is not UTF-8."""
    same(run.get(run.send("hexadecimal", b"caf\xe9")), "636166e9")
    same(run.get(run.send("hexadecimal", b"\xff\xfe")), "fffe")
    same(run.get(run.send("raw")), b"caf\xe9")


@case
def protocol_1(run):
    old = configured.make(task_protocol=1)
    same(run.get(run.send("add", 1, 2, app=old)), 3)
    same(run.get(run.send("add", app=old, kwargs={"x": 3, "y": 4})), 7)
    began = time.time()
    moment = float(run.get(run.send("now", app=old, countdown=1.5)))
    if moment - began < 1.4:
        raise Wrong(f"ran {moment - began:.2f} s after a countdown of 1.5 s began")


@case
def protocol_1_link(run):
    key = run.key()
    old = configured.make(task_protocol=1)
    same(run.get(run.send("add", 20, 3, app=old, link=run.sign("mark", key))), 23)
    same(run.wait_lines(key), ["23"], "mark")


@case
def compression(run):
    text = "compressible " * 3000
    for method in ("gzip", "bzip2", "lzma"):
        same(run.get(run.send("echo", text, compression=method)), text, method)


@case
def custom_headers(run):
    known = run.get(run.send("request", headers={"tenant": "a", "number": 5, "nested": {"list": [1, "2"]}}))
    headers = known["headers"]
    same({name: headers.get(name) for name in ("tenant", "number", "nested")},
         {"tenant": "a", "number": 5, "nested": {"list": [1, "2"]}}, "headers")


@case
def request_properties(run):
    result = run.send("request", task_id=str(uuid.uuid4()), root_id="root-1", parent_id="parent-1")
    known = run.get(result)
    same({name: known.get(name) for name in ("id", "task", "args", "kwargs", "retries", "root_id", "parent_id", "queue")},
         {"id": result.id, "task": "interop.tasks.request", "args": [], "kwargs": {}, "retries": 0, "root_id": "root-1",
          "parent_id": "parent-1", "queue": run.queue}, "request")


@case
def ignore_result_of_the_call(run):
    key = run.key()
    result = run.send("mark", "x", key, ignore_result=True)
    unanswered(run, result.id, key)


@case(needs=["5.7"])
def ignore_result_of_the_task(run):
    key = run.key()
    # By name, so that the worker's own option has to tell.
    result = run.send("ignored", "x", key)
    unanswered(run, result.id, key)


def unanswered(run, identity, key):
    """The task ran, and nothing says what it returned."""
    same(run.wait_lines(key), ["x"], "mark")
    # A task after it has its result: the one before would be there as well.
    same(run.get(run.send("add", 1, 1)), 2)
    time.sleep(0.5)
    same(run.app.AsyncResult(identity).state, "PENDING", "state")


@case
def late_acknowledgement(run):
    key = run.key()
    same(run.get(run.send("late", "once", key)), "once")
    same(run.wait_lines(key), ["once"], "mark")


@case
def many_at_once(run):
    results = [run.send("add", number, number) for number in range(200)]
    same([run.get(result) for result in results], [2 * number for number in range(200)])


@case(needs=["swift"])
def swift_task(run):
    same(run.get(run.send("example.add", 2, 3)), 5)
    same(run.get(run.send("example.add", kwargs={"x": 4, "y": 5})), 9)
    same(run.get(run.send("example.nothing")), None)
    same(run.get(run.send("example.unsteady", 2)), "worked after 2 retries")


@case(needs=["priority"])
def priorities(run):
    """Of what waits, the urgent is run first."""
    key = run.key()
    queue = configured.PRIORITY_QUEUE
    blockers = [run.send("sleep", 2, queue=queue, priority=9) for _ in range(8)]
    time.sleep(0.5)
    urgency = [number * 7 % 10 for number in range(100)]
    results = [run.send("mark", number, key, queue=queue, priority=number) for number in urgency]
    for result in blockers + results:
        run.get(result, 60)
    order = [int(line) for line in run.lines(key)]
    same(sorted(order), sorted(urgency), "marks")
    # Not a perfect order: what the worker holds already was chosen before.
    first, last = sum(order[:30]) / 30, sum(order[-30:]) / 30
    if first < last + 3:
        raise Wrong(f"the first 30 had priority {first:.1f}, the last 30 {last:.1f}")
    return f"mean priority of the first 30: {first:.1f}, of the last 30: {last:.1f}"


@case(needs=["both"])
def both_workers_on_one_queue(run):
    results = [run.send("who") for _ in range(100)]
    found = [run.get(result) for result in results]
    same(set(found), {"ours", "python"}, "who ran them")
    return f"ours {found.count('ours')}, python {found.count('python')}"


@case
def ping(run):
    def answering():
        answers = run.app.control.ping(timeout=3)
        same([list(answer.values()) for answer in answers], [[{"ok": "pong"}]] * len(answers), "pongs")
        inspected = sorted(run.app.control.inspect(timeout=3).ping() or {})
        return inspected if inspected == sorted(name for answer in answers for name in answer) else None

    # A busy worker may answer one of both too late.
    return ", ".join(run.until(answering, "the same workers by both pings"))
