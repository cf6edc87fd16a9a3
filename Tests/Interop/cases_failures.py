"""Failures, retries, and limits, as they arrive on Python's side."""

import datetime
import subprocess
import time

import app as configured
from interop_case import Wrong, case, raised, same


@case
def failure(run):
    result = run.send("fail", "no more")
    detail = raised(run.failure(result), *expected(run, python=("SoldOut", "no more"), ours=("CalledProcessError", "3")))
    same(result.state, "FAILURE", "state")
    if run.peer == "ours" and not isinstance(run.failure(result), subprocess.CalledProcessError):
        raise Wrong("the class is not Python's own CalledProcessError")
    return detail


@case
def failure_without_raising(run):
    result = run.send("fail", "kept")
    error = run.get(result, propagate=False)
    raised(error, *expected(run, python=("SoldOut", "kept"), ours=("CalledProcessError", "3")))
    if "kept" not in (result.traceback or ""):
        raise Wrong(f"traceback: {result.traceback!r}")


@case
def status_of_a_program(run):
    error = run.failure(run.send("program", 7))
    same((type(error), error.returncode), (subprocess.CalledProcessError, 7), "error")


@case
def a_task_nobody_has(run):
    return raised(run.failure(run.send("nowhere")), ("NotRegistered", "interop.tasks.nowhere"))


@case
def retried(run):
    result = run.send("retry", 2, app=configured.make())
    run.until(lambda: result.state == "RETRY", "state RETRY", 10)
    same(run.get(result), {"retries": 2})


@case
def retries_used_up(run):
    return raised(run.failure(run.send("exhaust")), *expected(
        run, python=("SoldOut", "still"), ours=("CalledProcessError", "75")))


@case
def hard_limit_of_the_task(run):
    return raised(run.failure(run.send("hard")), ("TimeLimitExceeded", "1"))


@case
def hard_limit_of_the_call(run):
    return raised(run.failure(run.send("sleep", 30, time_limit=1)), ("TimeLimitExceeded", "1"))


@case
def soft_limit_of_the_task(run):
    same(run.get(run.send("soft")), "stopped")


@case
def soft_limit_of_the_call(run):
    return raised(run.failure(run.send("sleep", 30, soft_time_limit=1)), ("SoftTimeLimitExceeded", ""))


@case
def process_that_dies(run):
    return raised(run.failure(run.send("die")), *expected(
        run, python=("WorkerLostError", "SIGKILL"), ours=("CalledProcessError", "SIGKILL")))


@case(needs=["swift"])
def swift_failure(run):
    return raised(run.failure(run.send("example.divide", 1, 0)), *expected(
        run, python=("DivisionByZero", "cannot divide 1 by zero"), ours=("Divide.DivisionByZero", "cannot divide 1.0 by zero")))


@case(needs=["swift"])
def swift_limits(run):
    raised(run.failure(run.send("example.wait", 30, soft_time_limit=1)), ("SoftTimeLimitExceeded", ""))
    raised(run.failure(run.send("example.wait", 30, True, time_limit=2, soft_time_limit=1)), ("TimeLimitExceeded", "2"))


@case(needs=["swift"])
def swift_crash(run):
    return raised(run.failure(run.send("example.crash")), ("WorkerLostError", ""))


@case
def countdown(run):
    began = time.time()
    late_by(float(run.get(run.send("now", countdown=2))), began + 2)


@case
def eta(run):
    wanted = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    # The same moment three ways: UTC, another zone, and naive, which means UTC here.
    ways = [
        wanted, wanted.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30))), wanted.replace(tzinfo=None)]
    for result in [run.send("now", eta=way) for way in ways]:
        late_by(float(run.get(result)), wanted.timestamp())


@case
def eta_in_the_past(run):
    began = time.time()
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    late_by(float(run.get(run.send("now", eta=past))), began)


@case(needs=("quorum",))
def countdown_that_waits_in_the_broker(run):
    """Python sends it down the ladder of queues; it arrives by the exchange of its queue."""
    began = time.time()
    result = run.send("now", app=configured.make_quorum(), queue="interop.quorum", countdown=5)
    with run.app.connection_for_read() as connection:
        # 5 is 101 in digits: four seconds of them first.
        # Python does not wait until the broker has it.
        while time.time() < began + 2:
            waiting = connection.default_channel.queue_declare("celery_delayed_2", passive=True).message_count
            if waiting:
                break
    same(waiting, 1, "messages on the ladder")
    late_by(float(run.get(result)), began + 5)


def late_by(moment, due):
    late = moment - due
    if not -0.05 <= late < 2:
        raise Wrong(f"ran {late:+.2f} s from when it was due")


@case
def expired(run):
    """Waits in the worker for its time, and has expired when that comes."""
    key = run.key()
    result = run.send("mark", "x", key, countdown=2, expires=1)
    detail = raised(run.failure(result), ("TaskRevokedError", "expired"))
    same(result.state, "REVOKED", "state")
    same(run.lines(key), [], "marks")
    return detail


@case
def not_yet_expired(run):
    same(run.get(run.send("add", 1, 1, expires=60)), 2)
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    same(run.get(run.send("add", 1, 2, expires=later)), 3)


def expected(run, python, ours):
    """What an error is, by who runs the task; either where both do."""
    return {"python": [python], "ours": [ours], "both": [python, ours]}[run.peer]
