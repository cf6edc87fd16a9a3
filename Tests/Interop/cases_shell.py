"""Our command sends, whoever runs it, and our command asks what came of it."""

import json
import os
import subprocess
import time

from celery import __version__ as version

import app as configured
from interop_case import WAIT, Wrong, case, same

TIMEOUT = 2 * WAIT


class Ended:
    """What a command came to."""

    def __init__(self, done, words):
        self.words = words
        self.status, self.output, self.errors = done.returncode, done.stdout, done.stderr

    def expect(self, output=None, status=0):
        if self.status != status or output is not None and self.output != output:
            wanted = f"status {status}" + ("" if output is None else f" and {output!r}")
            raise Wrong(f"celery {' '.join(self.words)}: status {self.status}, {self.output!r}, {self.errors!r} instead of {wanted}")
        return self


def celery(*words, input=None, env=()):
    """Runs our command with the broker and result store of the run, and further variables."""
    environment = {
        **os.environ, "CELERY_BROKER_URL": os.environ["INTEROP_BROKER"],
        "CELERY_RESULT_BACKEND": os.environ.get("INTEROP_BACKEND", "rpc://"), "CELERY_DEFAULT_QUEUE": configured.QUEUE,
    }
    if version < "5.7":
        environment["CELERY_DATABASE_RESULT_FORMAT"] = "pickle"
    environment.update(env)
    words = [str(word) for word in words]
    done = subprocess.run(
        [os.environ["CELERY_BIN"], *words], env=environment, cwd=os.environ["INTEROP_MARKS"], capture_output=True, text=True,
        timeout=TIMEOUT, **({"input": input} if input is not None else {"stdin": subprocess.DEVNULL}))
    return Ended(done, words)


def apply(name, *words):
    return celery("apply", "-q", f"interop.tasks.{name}", *words)


def shell(function):
    """A case of our command."""
    return case(needs=["ours"])(function)


@shell
def shell_apply_and_wait(run):
    apply("add", 2, 3, "--wait").expect("5\n")
    apply("add", "x=20", "y=22", "--wait").expect("42\n")


@shell
def shell_result_and_status(run):
    """Another process asks later."""
    identity = apply("add", 2, 3).expect().output.strip()
    celery("result", "--wait", "--timeout", 20, identity).expect("5\n")
    celery("status", identity).expect(f"{identity}\tSUCCESS\n")
    # And again: an answer is not used up.
    celery("result", identity).expect("5\n")


@shell
def shell_values(run):
    for value in (None, True, 2**70, 1.5, [1, {"a": "☃"}], {"k": []}):
        found = apply("echo", "--args", json.dumps([value]), "--wait").expect().output
        same(json.loads(found), value)
    apply("echo", "--raw", "snow ☃", "--wait").expect("snow ☃\n")


@shell
def shell_bytes(run):
    """A word that is not UTF-8 is `bytes` to Python."""
    apply("hexadecimal", os.fsdecode(b"caf\xe9"), "--wait").expect("636166e9\n")
    apply("hexadecimal", "value=" + os.fsdecode(b"\xff"), "--wait").expect("ff\n")
    same(json.loads(apply("raw", "--wait", "--json").expect().output)["result"], {"__type__": "base64", "__value__": "Y2Fm6Q=="})


@shell
def shell_spelled_numbers(run):
    """To Python a number is what it always was."""
    for spelled, value in (("1.50", "1.5"), ("12e5", "1200000.0"), ("-0", "0"), ("1.0", "1.0")):
        apply("echo", "--wait", "--", spelled).expect(f"{value}\n")


@shell
def shell_failure(run):
    done = apply("fail", "no more", "--wait")
    identity = celery("--json", "apply", "-q", "interop.tasks.fail", "later").expect().output
    later = celery("result", "--wait", json.loads(identity)["id"])
    if run.peer == "python":
        for ended, text in ((done, "no more"), (later, "later")):
            ended.expect("", status=1)
            if f"SoldOut: {text}" not in ended.errors:
                raise Wrong(f"stderr {ended.errors!r}")
    else:
        done.expect("", status=3)
        later.expect("", status=3)


@shell
def shell_status_of_a_program(run):
    apply("program", 7, "--wait").expect("", status=7)


@shell
def shell_states(run):
    finished = apply("add", 1, 1).expect().output.strip()
    celery("result", "--wait", finished).expect("2\n")
    waiting = apply("add", 1, 1, "--countdown", 600).expect().output.strip()
    ended = celery("status", finished, waiting).expect(status=75)
    states = dict(line.split("\t") for line in ended.output.splitlines())
    same(states[finished], "SUCCESS", "state")
    if states[waiting] not in ("PENDING", "RECEIVED"):
        raise Wrong(f"a task that waits is {states[waiting]}")


@shell
def shell_lists_the_workers(run):
    ended = celery("status").expect()
    return ended.output.strip()


@shell
def shell_countdown_and_eta(run):
    began = time.time()
    late = float(apply("now", "--countdown", 2, "--wait").expect().output) - began
    if not 1.9 <= late < 5:
        raise Wrong(f"ran after {late:.2f} s instead of 2 s")
    due = int(time.time()) + 3
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
    late = float(apply("now", "--eta", text, "--wait").expect().output) - due
    if not -0.05 <= late < 3:
        raise Wrong(f"ran {late:+.2f} s from when it was due")


@shell
def shell_expired(run):
    key = run.key()
    apply("mark", "x", key, "--countdown", 2, "--expires", 1, "--wait", "--timeout", 30).expect("", status=125)
    same(run.lines(key), [], "marks")


@shell
def shell_retried(run):
    found = apply("retry", 1, "--wait").expect().output
    same(json.loads(found), {"retries": 1})


@shell
def shell_limits(run):
    for option, kind in (("--time-limit", "TimeLimitExceeded"), ("--soft-time-limit", "SoftTimeLimitExceeded")):
        ended = apply("sleep", 30, option, 1, "--wait").expect("", status=1)
        if kind not in ended.errors:
            raise Wrong(f"stderr {ended.errors!r}")


@shell
def shell_headers(run):
    known = json.loads(apply("request", "--header", "tenant=a", "--header", "number=5", "--wait").expect().output)
    same({name: known["headers"].get(name) for name in ("tenant", "number")}, {"tenant": "a", "number": 5}, "headers")
    same(known["queue"], run.queue, "queue")


@shell
def shell_queue(run):
    ended = apply("who", "--queue", run.queue, "--wait").expect()
    return ended.output.strip()


@shell
def shell_ignored_result(run):
    key = run.key()
    apply("mark", "x", key, "--ignore-result").expect()
    same(run.wait_lines(key), ["x"], "mark")


@shell
def shell_links(run):
    value = apply("echo", run.key(), "--link", "interop.tasks.errback", "--wait").expect().output.strip()
    same(run.wait_lines(f"errback-{value}"), [value], "mark of --link")
    identity = apply("fail", "x", "--link-error", "interop.tasks.errback").expect().output.strip()
    same(run.wait_lines(f"errback-{identity}"), [identity], "mark of --link-error")


@shell
def shell_batch(run):
    lines = "".join(json.dumps({"task": "interop.tasks.add", "args": [number, 1]}) + "\n" for number in range(200))
    ids = celery("apply", "-q", "--batch", "-", input=lines).expect().output.split()
    same(len(set(ids)), 200, "ids")
    celery("result", "--wait", *ids).expect("".join(f"{number + 1}\n" for number in range(200)))


@shell
def shell_dmap(run):
    items = "".join(f"{number}\n" for number in range(100))
    celery("dmap", "-q", "interop.tasks.echo", input=items).expect(items)
