"""One Redis for a run, as broker and as result store, and the three who use it: celery, Python's Celery, and C.

What only waits in a queue are copies of one message of Python's client, with ids and delivery tags of their own.
"""

import json
import os
import re
import socket
import subprocess
import time

from bench import HERE, Bench
from failure import CannotMeasure
from project import Project
from storeserver import StoreServer

QUEUE = "celery"
NOTHING = "example.nothing"


class RedisBench(Bench):
    """The surroundings of one run, with a server that only this run uses."""

    def __enter__(self):
        super().__enter__()
        self.python = os.environ["CELERY_PYTHON"]
        self.round_trip = os.environ["CELERY_ROUND_TRIP_BIN"]
        self.server = StoreServer("redis", self.folder / "peers" / "server")
        # Not the user of the scripts: Python's client would log in by the password alone.
        self.url = f"redis://:default-secret@127.0.0.1:{self.server.facts['PORT']}/0"
        self.redis = Connection(int(self.server.facts["PORT"]), "default-secret")
        return self

    def __exit__(self, *_):
        self.server("stop")
        super().__exit__(*_)

    def beside(self):
        found = self.run([self.python, "-c", "import celery, platform; print(f'Celery {celery.__version__} on Python {platform.python_version()}')"])
        version = re.search(r"redis_version:(\S+)", self.redis.ask("INFO", "server"))[1]
        return [f"Redis {version}", found.strip()]

    def depth(self):
        return self.redis.ask("LLEN", QUEUE)

    def empty(self):
        self.redis.ask("FLUSHALL")

    def template(self, *, wants_result):
        """A message of Python's client."""
        self.empty()
        self.python_peer("celery_template", QUEUE, *(["replies"] if wants_result else []))
        text = self.redis.ask("RPOP", QUEUE)
        self.empty()
        return text

    def fill(self, template, count):
        """Puts copies of a message into the queue."""
        self.empty()
        message = json.loads(template)
        for start in range(0, count, 1000):
            copies = []
            for number in range(start, min(start + 1000, count)):
                identity = f"{number:08d}-0000-4000-8000-000000000000"
                message["headers"]["id"] = message["headers"]["root_id"] = message["properties"]["correlation_id"] = identity
                message["properties"]["delivery_tag"] = f"tag-{number}"
                copies.append(json.dumps(message))
            self.redis.ask("LPUSH", QUEUE, *copies)
        if self.depth() != count:
            raise CannotMeasure(f"{self.depth()} messages in the queue instead of {count}")

    def python_environment(self, **more):
        return {**os.environ, "BENCH_BROKER": self.url, "BENCH_BACKEND": self.url, "PYTHONPATH": str(HERE / "peers"), **more}

    def python_peer(self, name, *words, **more):
        """Runs a peer written in Python, and returns what it prints."""
        done = subprocess.run(
            [self.python, "-B", HERE / "peers" / f"{name}.py", *map(str, words)], env=self.python_environment(**more), capture_output=True,
            text=True, timeout=600, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise CannotMeasure(f"{name}.py ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def project_here(self):
        """A project on this server alone."""
        project = Project(self, self.section())
        project.configure(CELERY_BROKER_URL=self.url, CELERY_RESULT_BACKEND=self.url)
        return project

    def worker(self, project):
        """Our worker with two children, and the tasks of Sources/Example."""
        return RunningWorker(self, project, [self.example, "celeryd", "-c", "2", "-l", "ERROR", "-q"], None)

    def python_worker(self, project, prefetch):
        """A prefork worker with two processes."""
        return RunningWorker(self, project, [
            self.python, "-B", "-m", "celery", "-A", "celery_app", "worker", "-P", "prefork", "-c", "2", "--prefetch-multiplier", prefetch,
            "-l", "ERROR", "-Q", QUEUE], self.python_environment())


class RunningWorker:
    """A worker of either kind while it is measured."""

    def __init__(self, bench, project, command, environment):
        self.bench, self.log = bench, project.folder / "worker.log"
        with self.log.open("wb") as file:
            self.process = bench.start(command, cwd=project.folder, env=environment, stdout=file, stderr=file)

    def until(self, condition, seconds=120):
        """Looks again and again until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or self.process.poll() is not None:
                raise CannotMeasure(f"the worker does not do its work: {self.log.read_text(errors='replace')[-500:]}")
            time.sleep(0.002)

    def stop(self):
        self.bench.kill(self.process)


class Connection:
    """A client of the protocol, as small as can be."""

    def __init__(self, port, password):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")
        self.ask("AUTH", password)

    def ask(self, *words):
        parts = [f"*{len(words)}\r\n".encode()]
        for word in words:
            data = str(word).encode()
            parts += [f"${len(data)}\r\n".encode(), data, b"\r\n"]
        self.socket.sendall(b"".join(parts))
        return self.reply()

    def reply(self):
        line = self.file.readline().decode().rstrip()
        kind, rest = line[:1], line[1:]
        if kind == "-":
            raise CannotMeasure(f"Redis says: {rest}")
        if kind == ":":
            return int(rest)
        if kind == "$":
            return None if rest == "-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == "*":
            return [self.reply() for _ in range(int(rest))]
        return rest
