"""One RabbitMQ for a run, and the three who use it: celery, Python's Celery, and C.

Every figure is of the same messages. What only waits in a queue was put there by the C
peer: copies of one message of Python's client, with ids of their own.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from bench import HERE, Bench
from failure import CannotMeasure
from project import Project

SERVERS = HERE.parents[1] / "Tests" / "Servers"
QUEUE = "celery"
# Where those of Python's clients wait for answers that nobody reads here.
REPLIES = "replies"
NOTHING = "example.nothing"


class BrokerBench(Bench):
    """The surroundings of one run, with a broker that only this run uses."""

    def __enter__(self):
        super().__enter__()
        self.python = os.environ["CELERY_PYTHON"]
        self.round_trip = os.environ["CELERY_ROUND_TRIP_BIN"]
        self._server = pathlib.Path(tempfile.mkdtemp(prefix="celery-bench-rabbit-", dir=self._parent)) / "server"
        try:
            found = self._servers("start", "--schedulers", str(os.cpu_count()), "--owner", str(os.getpid()))
            self.url = re.search(r"^RABBIT_URL=(.+)$", found, re.MULTILINE)[1]
            # No message may be written out, or held back, for want of memory.
            self._servers("ctl", "set_vm_memory_high_watermark", "absolute", "6GB")
            self.versions = [f"RabbitMQ {self._servers('ctl', 'version').strip()}", self.python_version()]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        super().__exit__(*_)
        subprocess.run([SERVERS / "rabbitmq", "stop", self._server], capture_output=True, timeout=60)
        shutil.rmtree(self._server.parent, ignore_errors=True)

    def _servers(self, verb, *words):
        done = subprocess.run(
            [SERVERS / "rabbitmq", verb, self._server, *words], capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise CannotMeasure(f"Tests/Servers/rabbitmq {verb} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def beside(self):
        return self.versions

    def python_version(self):
        found = self.run([self.python, "-c", "import celery, platform; print(f'Celery {celery.__version__} on Python {platform.python_version()}')"])
        return found.strip()

    # C

    def amqp(self, verb, *words, **options):
        """Runs the C peer, and returns what it prints as numbers."""
        found = self.run([self.peer("amqp", library="rabbitmq"), verb, self.url, *words], **options)
        return [float(word) for word in found.split()]

    def empty(self, *queues):
        """Makes sure that queues are there and hold nothing."""
        for queue in queues:
            self.amqp("purge", queue)

    def fill(self, template, count, window=1000):
        """Puts copies of a message into the queue, and returns the seconds."""
        self.empty(QUEUE)
        seconds = self.amqp("publish", template, QUEUE, count, window)[0]
        self.check_depth(count, is_confirmed=window > 0)
        return seconds

    def check_depth(self, count, is_confirmed):
        """What was confirmed is there; what was not arrives when it does."""
        for _ in range(1 if is_confirmed else 100):
            waiting = int(self.amqp("count", QUEUE)[0])
            if waiting == count:
                return
            time.sleep(0.1)
        raise CannotMeasure(f"{waiting} messages in the queue instead of {count}")

    # Python

    def python_environment(self, **more):
        return {**os.environ, "BENCH_BROKER": self.url, "PYTHONPATH": str(HERE / "peers"), **more}

    def python_peer(self, name, *words, **more):
        """Runs a peer written in Python, and returns what it prints."""
        process = self.start(
            [self.python, "-B", HERE / "peers" / f"{name}.py", *words], env=self.python_environment(**more),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            output, errors = process.communicate(timeout=600)
        finally:
            self.kill(process)
        if process.returncode != 0:
            raise CannotMeasure(f"{name}.py ended with status {process.returncode}: {errors.strip()[-500:]}")
        return output

    def python_worker(self, project, prefetch):
        """Starts a prefork worker with two processes."""
        return Worker(self, project, [
            self.python, "-B", "-m", "celery", "-A", "celery_app", "worker", "-P", "prefork", "-c", "2", "--prefetch-multiplier",
            prefetch, "-l", "WARNING", "-Q", QUEUE], self.python_environment())

    # celery

    def broker_project(self, **settings):
        """A project whose broker is this one."""
        project = Project(self, self.section())
        project.configure(CELERY_BROKER_URL=self.url, **settings)
        return project

    def worker(self, project, *words):
        """Starts our worker with two children, and the tasks of Sources/Example."""
        return Worker(self, project, [self.example, "celeryd", "-c", "2", "-l", "WARNING", "-q", *words], None)


class Worker:
    """A worker of either kind while it is measured."""

    def __init__(self, bench, project, command, environment):
        self.bench = bench
        self.log = project.folder / "worker.log"
        with self.log.open("wb") as file:
            self.process = bench.start(command, cwd=project.folder, env=environment, stdout=file, stderr=file)

    def wait(self):
        """Returns when it consumes."""
        for _ in range(600):
            self.check()
            if self.bench.amqp("count", QUEUE)[1] > 0:
                return self
            time.sleep(0.05)
        raise CannotMeasure("the worker does not consume")

    def check(self):
        """A worker that complains does not do the work that is measured."""
        text = self.log.read_text(errors="replace")
        if re.search(r"\bERROR\b|\bCRITICAL\b|Traceback", text):
            raise CannotMeasure(f"the worker complains: {text.strip()[-500:]}")
        if self.process.poll() is not None:
            raise CannotMeasure(f"the worker ended with {self.process.returncode}: {text.strip()[-500:]}")

    def stop(self):
        """Ends it at once; nobody may have consumed when the next is measured."""
        self.check()
        self.bench.kill(self.process)
        for _ in range(200):
            if self.bench.amqp("count", QUEUE)[1] == 0:
                return
            time.sleep(0.02)
        raise CannotMeasure("the broker does not notice that the worker is gone")
