"""What the cases of the interop tests stand on."""

import os
import pathlib
import time
import uuid

from celery.result import allow_join_result

import app as configured

CASES = {}
# Seconds, on a machine as slow as Tests/run says.
WAIT = 30 * max(1.0, float(os.environ.get("CELERY_TEST_FACTOR") or 1))


class Wrong(Exception):
    """A case did not see what it should."""


def case(function=None, *, needs=()):
    """Registers a case under its function's name.

    `needs` names what a case cannot do without: `rpc`, `db`, `redis`, `memcached` or `file` as the backend, `redisbroker` as the broker, `store` for
    one of all but the first, `lists` for one that tells which groups it has, `unlocks` for one that counts no chords, `chords` for workers that count them in the store, `python` as a
    second worker on the queue `python`, `swift` or `programs` as tasks of the worker under
    test, `kept` for results that it stores besides answering, `both` workers on one queue or one `alone`, `priority` or `quorum` a queue of that kind, `ours` our command,
    `5.7` that version of Python's Celery or a later one, `breaks` workers that end a chord when the chain before it breaks.
    """
    def register(function):
        CASES[function.__name__] = (function, frozenset(needs))
        return function
    return register(function) if function else register


class Interop:
    """The client's side: an application, and helpers that wait and compare."""

    def __init__(self, peer):
        # `python` or `ours`: who runs the tasks under test.
        self.peer = peer
        self.app = configured.app
        self.marks = pathlib.Path(os.environ["INTEROP_MARKS"])
        self.queue = configured.QUEUE

    def send(self, name, *args, app=None, kwargs=None, **options):
        """Sends by name, as a client does that does not have the task's code.

        To poll a state over rpc it takes an application of its own: once something was
        waited for, replies go to the consumer that was made for that.
        """
        options.setdefault("queue", self.queue)
        return (app or self.app).send_task(self.full(name), args=args, kwargs=kwargs, **options)

    def task(self, name):
        """A task with its code, for `delay` and for options of its own."""
        self.app.loader.import_default_modules()
        return self.app.tasks[self.full(name)]

    def sign(self, name, *args, immutable=False, **options):
        options.setdefault("queue", self.queue)
        return self.app.signature(self.full(name), args=args, immutable=immutable, options=options)

    @staticmethod
    def full(name):
        return name if "." in name else f"interop.tasks.{name}"

    def get(self, result, timeout=WAIT, **options):
        with allow_join_result():
            return result.get(timeout=timeout, interval=0.05, **options)

    def key(self):
        """A new file name for marks."""
        return f"mark-{uuid.uuid4().hex}"

    def lines(self, key):
        path = self.marks / key
        return path.read_text().splitlines() if path.exists() else []

    def wait_lines(self, key, count=1, timeout=WAIT):
        self.until(lambda: len(self.lines(key)) >= count, f"{count} marks in {key}, found {self.lines(key)}", timeout)
        return self.lines(key)

    def until(self, condition, what, timeout=WAIT):
        """Waits from outside until something holds."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.03)
        raise Wrong(f"waited {timeout} s in vain for {what}")

    def failure(self, result, timeout=WAIT):
        """What `get` raises."""
        try:
            value = self.get(result, timeout)
        except Exception as error:
            if type(error).__name__ == "TimeoutError":
                raise Wrong("no result came") from error
            return error
        raise Wrong(f"returned {value!r} instead of raising")


def same(found, wanted, what="value"):
    if found != wanted:
        raise Wrong(f"{what}: {found!r} instead of {wanted!r}")


def raised(error, *wanted):
    """An error's type and text; `wanted` are (type, text) pairs of which one must fit."""
    found = (type(error).__name__, str(error))
    if not any(found[0] == kind and text in found[1] for kind, text in wanted):
        raise Wrong(f"raised {found[0]}({found[1]!r}) instead of {' or '.join(map(str, wanted))}")
    return f"{found[0]}: {found[1]}"
