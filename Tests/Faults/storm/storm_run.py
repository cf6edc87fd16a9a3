"""What runs at a broker share: a project, workers and submitters, and what was violated."""

import os
import signal
import subprocess
import time

from harness import FACTOR, Project
from storm_checker import Checker
from storm_submitters import Submitters

# Two lines of one write each, so that lines of many processes do not mix.
MARK_TASK = """#!/bin/bash
# celery: crash_limit=1000 max_retries=5 retry_delay=0.2
# $1 tries that ask for another, $2 seconds, $3 final exit status
printf 'begin %s %s %s %s\\n' "$CELERY_TASK_ID" "$CELERY_ATTEMPT" "$EPOCHREALTIME" "$HOST" >> "$MARKS"
[ "$2" = 0 ] || sleep "$2"
printf 'end %s %s %s %s\\n' "$CELERY_TASK_ID" "$CELERY_ATTEMPT" "$EPOCHREALTIME" "$HOST" >> "$MARKS"
[ "$CELERY_TASK_RETRIES" -lt "$1" ] && exit 75
[ "$3" != 0 ] && exit "$3"
printf '{"id": "%s", "attempt": %s}\\n' "$CELERY_TASK_ID" "$CELERY_ATTEMPT"
"""


class StormRun:
    """A run with `workers` by name; subclasses start a server and let something befall it."""

    def __init__(self, options, workers, settings=""):
        self.options = options
        self.names = workers
        # How soon all have to consume again when what befell them is over.
        self.limit = (2 * options.heartbeat + 5) * FACTOR
        self.violations = []
        self.workers = {}
        self.progress = 0.0
        self.is_over = False
        # (when, what) befell the broker
        self.history = []
        self.server = None
        self.project = Project(settings="CELERYD_CRASH_LIMIT = 1000\n" + settings)
        self.project.add_task("mark", MARK_TASK)
        self.marks = self.project.base / "marks"
        self.marks.touch()
        self.notes = open(self.project.base / "notes", "w", buffering=1)
        self.submitters = Submitters(self, options.seed, options.tasks)
        self.checker = Checker(self)

    def violate(self, text):
        self.violations.append(text)
        if len(self.violations) <= 20:
            print(f"VIOLATION: {text}")

    def note(self, text):
        """For whoever looks into a run that failed."""
        self.notes.write(f"{time.time():.3f} {text}\n")

    def happened(self, text):
        """Something that befell the broker: for the trace of a message that is lost."""
        self.history.append((time.time(), text))
        self.note(text)

    def trace(self, identity):
        """Prints all that is known of a message that was accepted and has no result."""
        began, ended = self.submitters.accepted.get(identity, (None, None))
        moments = [(began, f"its submitter began"), (ended, "its submitter had printed the id, and ended")] if began else []
        for moment, text in sorted(moments + self.history):
            print(f"  {moment:.3f} {text}")
        for name in self.names:
            for line in (self.project.base / f"{name}.log").read_text(errors="replace").splitlines():
                if identity in line:
                    print(f"  {name}: {line[:300]}")
        print(f"  at the server: {self.queues() if self.server else 'none'}")

    # Hosts

    def within(self, host):
        """What to put before a command, to run it on a host."""
        return []

    def url(self, host):
        """The broker as a host knows it."""
        raise NotImplementedError

    def environment(self, host):
        """What the environment of a host says of where things are."""
        return {"CELERY_BROKER_URL": self.url(host)}

    def queues(self):
        """How many messages each queue of the broker holds: name -> (all, held)."""
        return self.server.queues()

    def with_heartbeat(self, url):
        return f"{url}?heartbeat={self.options.heartbeat}"

    def start_host(self, host, *words, **options):
        """Starts a celery command on a host."""
        environment = {**self.project.env, **self.environment(host), "MARKS": str(self.marks), "HOST": host}
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(
            [*self.within(host), *self.project.command(*words, binary="celery-example")], cwd=self.project.folder,
            env=environment, **options)

    # Workers

    def start_worker(self, name):
        with open(self.project.base / f"{name}.log", "ab") as log:
            self.workers[name] = self.start_host(
                name, "celeryd", "-c", 3, "-n", f"{name}@%h", "-Q", f"celery,canary-{name}", "-l", "INFO", stdout=log, stderr=log)

    def watch_workers(self):
        """A worker dies only of us."""
        for name, process in self.workers.items():
            if process.poll() is not None:
                self.violate(f"worker {name} ended by itself with status {process.returncode}")
                self.start_worker(name)

    def server_process(self):
        """The process of a server that runs our program; it ends last."""
        return None

    def stop_workers(self):
        for process in self.workers.values():
            process.terminate()
        for name, process in self.workers.items():
            try:
                if process.wait(20 * FACTOR) != 0:
                    self.violate(f"worker {name} ended with {process.returncode} after TERM")
            except subprocess.TimeoutExpired:
                self.violate(f"worker {name} does not stop")
        time.sleep(0.3)
        for pid, words in self.project.processes().items():
            if pid != self.server_process():
                self.violate(f"left over: process {pid} {words}")
        for name in self.names:
            for line in (self.project.base / f"{name}.log").read_text(errors="replace").splitlines():
                if "Fatal error" in line or "Illegal instruction" in line or "/MainProcess" in line and "CRITICAL" in line:
                    self.violate(f"{name}: {line[:300]}")

    def settle(self):
        """Nothing befalls them any more: everything that was promised has to come to its end."""
        left, since = None, time.monotonic()
        while True:
            self.watch_workers()
            unfinished = self.checker.unfinished()
            # Each worker has a message in a queue of its own that tells of its loss, for which there is another queue.
            queues = {name: counts for name, counts in self.queues().items()
                      if counts[0] > 0 and not name.startswith("celeryev.") and name != "celery.lost"}
            if not unfinished and not queues:
                return
            if (len(unfinished), queues) != left:
                left, since = (len(unfinished), queues), time.monotonic()
            if time.monotonic() > since + 60:
                self.violate(f"{len(unfinished)} tasks do not end, {sorted(unfinished)[:3]}; queues with messages, and held: {queues}")
                return
            time.sleep(0.5)

    def report(self):
        print(f"submitters by status {dict(sorted(self.submitters.statuses.items()))}, dmap {self.submitters.dmaps}")
        self.checker.report()
        print(f"violations {len(self.violations)}")
        return 1 if self.violations else 0

    def close(self, keep):
        self.is_over = True
        if self.server and self.server.is_suspended:
            self.server.resume()
        self.submitters.is_over = True
        for pid in self.project.processes():
            kill(pid)
        if self.server:
            self.server.stop()
        self.project.close(keep)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
