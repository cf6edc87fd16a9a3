"""A run over the table "what becomes of a task" of celery(7), on one broker."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time

from fates_checker import Checker
from fates_tasks import Expectation, programs
from harness import FACTOR, Project, children
from rabbit import RabbitMQ
from stomp_storm import BrokerActiveMQ

# Seconds; of a worker at a SQLite file, of a connection to RabbitMQ with a heartbeat of 2 s, and of one to ActiveMQ.
STOP = {"sqlite": 18, "rabbitmq": 12, "activemq": 12}


class Fates:
    def __init__(self, options, broker):
        self.options = options
        self.broker = broker
        self.random = random.Random(f"{options.seed}/{broker}")
        self.project = Project(app="fates")
        self.marks = self.project.base / "marks"
        self.marks.mkdir()
        self.disk = self.project.base / "disk"
        self.disk.mkdir()
        self.server = None
        self.is_mounted = False
        self.violations = []
        self.expected, self.accepted = {}, {}
        self.workers, self.stopped, self.logs = {}, {}, {}
        self.full_until = None
        self.faults = {}
        # When a worker or the server was killed.
        self.deaths = []
        self.lock = threading.Lock()
        self.is_over = False

    @property
    def fault_count(self):
        return sum(self.faults.values())

    @property
    def harmless(self):
        return self.fault_count == 0

    def violate(self, text):
        self.violations.append(text)
        if len(self.violations) <= 20:
            print(f"VIOLATION: {text}")

    # What runs

    def prepare(self):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.disk], capture_output=True, text=True)
        self.is_mounted = done.returncode == 0
        if not self.is_mounted:
            print(f"no disk is filled: {done.stderr.strip()}")
        settings = 'INSTALLED_APPS = ["fates"]\nCELERYD_CRASH_LIMIT = 1000\n'
        if self.broker == "rabbitmq":
            self.server = RabbitMQ(self.project.base / "rabbitmq")
            settings += f'CELERY_BROKER_URL = "{self.server.url}"\nCELERY_BROKER_HEARTBEAT = 2\nCELERY_DEFAULT_QUEUE_TYPE = "quorum"\n'
            settings += f'CELERY_RESULT_BACKEND = "sqlite:///{self.disk}/celery.db"\n'
        elif self.broker == "activemq":
            self.server = BrokerActiveMQ(self.project.base / "activemq")
            settings += f'CELERY_BROKER_URL = "{self.server.url}"\nCELERY_RESULT_BACKEND = "sqlite:///{self.disk}/celery.db"\n'
        else:
            settings += f'CELERY_BROKER_URL = "sqlite:///{self.disk}/celery.db"\n'
        (self.project.folder / "celery.toml").write_text(settings)
        for name, text in programs().items():
            self.project.add_task(name, text)
        self.project.env["MARKS"] = str(self.marks)
        self.project.run("syncdb")
        # It makes the queue of dead letters.
        self.project.run("dead", "list")
        self.checker = Checker(self)

    def results(self, sql):
        """Rows of the results, read by SQLite itself; a disk that is full is no hindrance, a lock is waited for."""
        try:
            connection = sqlite3.connect(f"file:{self.disk}/celery.db?mode=ro", uri=True, timeout=30)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        except sqlite3.OperationalError:
            if self.full_until is None:
                raise
            return []

    def start_worker(self, name):
        # A log for each of its lives.
        self.logs[name] = self.project.base / f"{name}.{len(list(self.project.base.glob('w*.log')))}.log"
        with open(self.logs[name], "wb") as log:
            self.workers[name] = self.project.start("celeryd", "-c", 2, "-n", f"{name}@%h", "-l", "INFO", stdout=log, stderr=log)

    def submit(self, rng, count):
        while count > 0 and not self.is_over:
            tasks = [Expectation(rng) for _ in range(min(rng.randint(1, 25), count))]
            with self.lock:
                self.expected.update({task.id: task for task in tasks})
            text = "".join(json.dumps(task.line) + "\n" for task in tasks)
            done = self.project.run("apply", "--batch", "-", "--timeout", 20, input=text)
            with self.lock:
                self.accepted.update({word: self.expected[word] for word in done.stdout.split()})
            # 69, 73 and 75: no broker, no room, not now.
            if done.returncode not in (0, 69, 73, 75, 124):
                self.violate(f"a submitter ended with {done.returncode}: {done.stderr[:300]}")
            count -= len(done.stdout.split())
            time.sleep(rng.uniform(0, self.options.pause))

    # What befalls them

    def lift(self):
        """Ends what has lasted long enough."""
        now = time.monotonic()
        for name, end in list(self.stopped.items()):
            if now >= end:
                self.workers[name].send_signal(signal.SIGCONT)
                del self.stopped[name]
        if self.full_until and now >= self.full_until:
            (self.disk / "ballast").unlink()
            self.full_until = None

    def fault(self):
        self.lift()
        kinds = ["child", "child", "worker", "cold", "warm"]
        kinds += ["stop"] * (self.faults.get("stop", 0) < self.options.stops and not self.stopped)
        # RabbitMQ 3.10 itself loses a quorum queue that it made less than a second before it is killed.
        are_old = time.monotonic() > self.began + 3
        kinds += ["restart"] * (self.server is not None and are_old and self.faults.get("restart", 0) < self.options.restarts)
        kinds += ["full"] * (self.is_mounted and not self.full_until and self.faults.get("full", 0) < self.options.fulls)
        kind = self.random.choice(kinds)
        if not self.faults and "stop" in kinds:
            kind = "stop"
        name = self.random.choice(sorted(set(self.workers) - set(self.stopped)))
        self.faults[kind] = self.faults.get(kind, 0) + 1
        if getattr(self, f"fault_{kind}")(name) is False:
            self.faults[kind] -= 1

    def fault_child(self, name):
        victims = children(self.workers[name].pid)
        if not victims:
            return False
        try:
            os.kill(self.random.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            return False

    def fault_worker(self, name):
        self.deaths.append(time.time())
        self.end(name, signal.SIGKILL)

    def fault_cold(self, name):
        self.end(name, signal.SIGQUIT)

    def fault_warm(self, name):
        self.end(name, signal.SIGTERM)

    def end(self, name, number):
        self.workers[name].send_signal(number)
        end = time.monotonic() + 60
        # A stopped worker may hold a lock, and nothing is recorded while the disk is full.
        while self.workers[name].poll() is None and time.monotonic() < end:
            self.lift()
            time.sleep(0.02)
        status = self.workers[name].poll()
        if status is None:
            self.violate(f"worker {name} does not end after signal {number}")
            self.workers[name].kill()
            self.workers[name].wait()
        elif status not in (0, -signal.SIGKILL) and self.has_started(name):
            self.violate(f"worker {name} ended with {status} after signal {number}")
        self.start_worker(name)

    def fault_stop(self, name):
        self.workers[name].send_signal(signal.SIGSTOP)
        self.stopped[name] = time.monotonic() + STOP[self.broker]

    def fault_restart(self, name):
        self.deaths.append(time.time())
        self.server.kill()
        time.sleep(self.random.uniform(0, 2))
        self.server.restart()

    def fault_full(self, name):
        with open(self.disk / "ballast", "wb", buffering=0) as file:
            try:
                while file.write(bytes(65_536)) == 65_536:
                    pass
            except OSError:
                pass
        self.full_until = time.monotonic() + self.random.uniform(1, 4)

    # The run

    def run(self):
        self.prepare()
        for number in range(3):
            self.start_worker(f"w{number}")
        submitter = threading.Thread(target=self.submit, args=(random.Random(f"{self.options.seed}/tasks"), self.options.tasks))
        submitter.start()
        self.began = time.monotonic()
        while submitter.is_alive() or self.stopped or self.full_until or time.monotonic() < self.began + self.options.seconds:
            time.sleep(self.random.uniform(0.1, 1.2))
            self.checker.sample()
            for name, process in self.workers.items():
                if process.poll() is not None:
                    # One that begins while the disk is full, or the broker away, says so and ends.
                    if process.returncode not in (69, 73, 75) or not self.faults.keys() & {"full", "restart"}:
                        self.violate(f"worker {name} ended by itself with status {process.returncode}")
                    self.start_worker(name)
            self.fault()
            if time.monotonic() > self.began + self.options.limit:
                self.violate(f"not done after {self.options.limit} s")
                break
        self.recover()
        self.project.wait_for(lambda: not self.checker.unfinished() and not self.waiting(), 60, "tasks to end")
        self.checker.check()
        self.stop_workers()
        self.check_leftovers()
        return self.report()

    def waiting(self):
        """How many messages wait or run."""
        if not self.server:
            return self.results("SELECT count(*) FROM message")[0][0]
        return sum(count for name, (count, _) in self.server.queues().items() if name == "celery")

    def recover(self):
        self.is_over = True
        for name in self.stopped:
            self.workers[name].send_signal(signal.SIGCONT)
        self.stopped = {}
        (self.disk / "ballast").unlink(missing_ok=True)
        self.full_until = None

    def stop_workers(self):
        for name, process in self.workers.items():
            # One that has only begun to start dies of TERM.
            self.project.wait_consuming(self.logs[name])
        for process in self.workers.values():
            process.terminate()
        for name, process in self.workers.items():
            try:
                if process.wait(30 * FACTOR) != 0:
                    self.violate(f"worker {name} ended with {process.returncode} after TERM")
            except subprocess.TimeoutExpired:
                self.violate(f"worker {name} does not stop")

    def has_started(self, name):
        """Whether the worker had got so far that signals mean something to it."""
        return "Celery has started." in self.logs[name].read_text(errors="replace")

    def check_leftovers(self):
        # A worker ends what a program that killed its child left, should that worker have been killed as well.
        last = self.project.run("celeryd", "--burst", "-q", "-c", 1, "-n", "last@%h", timeout=60)
        if last.returncode != 0:
            self.violate(f"the last worker ended with {last.returncode}: {last.stderr[-300:]}")
        time.sleep(0.5)
        servers = set(self.server_processes())
        for pid, words in self.project.processes().items():
            if pid not in servers:
                self.violate(f"left over: process {pid} {words}")
        for table in ("message", "ready", "scheduled", "lease", "worker"):
            # The row of a lost worker stays for an hour, to tell of the loss.
            living = " WHERE lease_until > 0" if table == "worker" else ""
            count = self.results(f"SELECT count(*) FROM {table}{living}")[0][0]
            if count:
                self.violate(f"{count} rows left in {table}")
        if (verdict := self.results("PRAGMA integrity_check")) != [("ok",)]:
            self.violate(f"integrity_check: {verdict[:3]}")
        files = sorted(path.name for path in self.disk.iterdir() if not path.name.startswith("celery.db"))
        files += sorted(path.name for path in self.disk.glob("celery.db-*") if path.name not in ("celery.db-wal", "celery.db-shm"))
        if files:
            self.violate(f"left over: files {files}")
        if self.server and self.waiting():
            self.violate(f"left over: messages in {self.server.queues()}")
        for log in sorted(self.project.base.glob("w*.log")):
            for line in log.read_text(errors="replace").splitlines():
                if "Fatal error" in line or "Illegal instruction" in line or "CRITICAL" in line:
                    self.violate(f"{log.name}: {line[:300]}")

    def server_processes(self):
        """A server was started by us, but not in the project."""
        return [pid for pid, words in self.project.processes().items() if any(word in words for word in ("rabbit", "epmd", "erl", "activemq"))]

    def report(self):
        print(f"faults {dict(sorted(self.faults.items()))}")
        finished = len(self.accepted) - len([t for t in self.accepted.values() if not t.is_late]) - len(self.checker.unfinished())
        print(
            f"accepted {len(self.accepted)}, late {sum(t.is_late for t in self.accepted.values())} of which ended {finished}, "
            f"begun {self.checker.begun}, by attempt {dict(sorted(self.checker.attempts.items()))}, twins {len(self.checker.twins)}")
        print(f"violations {len(self.violations)}")
        return 1 if self.violations else 0

    def close(self, keep):
        self.is_over = True
        for pid in self.project.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.server:
            self.server.stop()
        if self.is_mounted:
            if keep:
                subprocess.run(["cp", "-a", self.disk, self.project.base / "disk-copy"])
            subprocess.run(["umount", "-l", self.disk])
        self.project.close(keep)
