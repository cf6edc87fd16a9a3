"""The tasks of the interop tests, as Python runs them.

The programs in `interop/tasks` have the same names and do the same, and so have the Swift
tasks of Sources/Example that are used here.
"""

import os
import pathlib
import signal
import subprocess
import time

from billiard.exceptions import SoftTimeLimitExceeded

from app import app
from errors import DivisionByZero, SoldOut


def task(function=None, **options):
    """Registers a task under the name of the program that does the same."""
    def register(function):
        return app.task(name=f"interop.tasks.{function.__name__}", **options)(function)
    return register(function) if function else register


def note(key, text):
    """Appends a line to a file that the test reads."""
    with open(pathlib.Path(os.environ["INTEROP_MARKS"]) / key, "a") as file:
        file.write(f"{text}\n")


@task
def add(x, y):
    return x + y


@task
def tsum(numbers):
    return sum(numbers)


@task
def echo(value):
    return value


@task
def hexadecimal(value):
    return value.hex()


@task
def raw():
    return b"caf\xe9"


@task
def fail(text):
    raise SoldOut(text)


@task(bind=True, max_retries=5)
def retry(self, times):
    if self.request.retries < times:
        raise self.retry(countdown=0.7)
    return {"retries": self.request.retries}


@task(bind=True, max_retries=2)
def exhaust(self):
    raise self.retry(exc=SoldOut("still"), countdown=0.1)


@task
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@task
def now():
    return time.time()


@task
def who():
    return "python"


@task
def mark(value, key):
    note(key, value)


@task(ignore_result=True)
def ignored(value, key):
    note(key, value)
    return value


@task
def errback(failed):
    note(f"errback-{failed}", failed)


@task
def errback_of_three(request, error, traceback):
    note(f"errback-{request.id}", request.id)


@task(time_limit=1)
def hard():
    time.sleep(30)


@task(soft_time_limit=1, time_limit=20)
def soft():
    try:
        time.sleep(30)
    except SoftTimeLimitExceeded:
        return "stopped"


@task(acks_late=True)
def late(value, key):
    note(key, value)
    return value


@task
def die():
    os.kill(os.getpid(), signal.SIGKILL)


@task
def program(status):
    """What a program's failure looks like when Python runs the program."""
    subprocess.run(["sh", "-c", f"exit {status}"], check=True)


@task(bind=True)
def request(self):
    """What the worker knows of the message, with the keys that a program finds on stdin."""
    known = self.request
    return {
        "id": known.id, "task": known.task, "args": list(known.args), "kwargs": known.kwargs, "retries": known.retries,
        "root_id": known.root_id, "parent_id": known.parent_id, "group_id": known.group,
        "eta": known.eta, "expires": known.expires, "headers": known.headers or {},
        "queue": known.delivery_info["routing_key"],
    }


@app.task(name="example.add")
def example_add(x, y):
    return x + y


@app.task(name="example.nothing")
def example_nothing():
    return None


@app.task(name="example.divide")
def example_divide(dividend, divisor):
    if divisor == 0:
        raise DivisionByZero(f"cannot divide {dividend} by zero")
    return dividend / divisor


@app.task(name="example.wait")
def example_wait(seconds, stubborn=False):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(0.02)
        except SoftTimeLimitExceeded:
            if not stubborn:
                raise
    return f"waited {seconds} s"


@app.task(name="example.unsteady", bind=True, max_retries=5)
def example_unsteady(self, failures):
    if self.request.retries < failures:
        raise self.retry(countdown=0.05)
    return f"worked after {self.request.retries} retries"


@app.task(name="example.crash")
def example_crash():
    os.kill(os.getpid(), signal.SIGKILL)
