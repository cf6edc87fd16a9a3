"""`celery broker` beside RabbitMQ: two servers of one run, and our own client and worker at each."""

import re
import time

from broker import BrokerBench
from failure import CannotMeasure
from project import Project


class ZMQBench(BrokerBench):
    """The surroundings of one run, with a RabbitMQ of its own. A `celery broker` belongs to the project that it serves."""

    def serve(self):
        """A running `celery broker`, with keys, and a project of its client."""
        return Served(self)

    def rabbit_project(self):
        """A project on RabbitMQ, whose results RabbitMQ's own client waits for."""
        return self.broker_project(CELERY_RESULT_BACKEND="rpc://")


class Served:
    """A project's celery.db behind `celery broker`, and another project that knows only the broker."""

    def __init__(self, bench):
        self.bench = bench
        self.home = Project(bench, bench.section())
        self.client = Project(bench, bench.section())
        self.home.celery("broker", "-q", "--keygen")
        key = self.client.celery("broker", "-q", "--keygen").strip()
        # The client's own key has its usual name.
        (self.client.folder / "celerybroker.key").rename(self.client.folder / "celeryclient.key")
        (self.home.folder / "celerybroker.clients").write_text(f"admin {key} bench\n")
        self.log = self.home.folder / "broker.log"
        with self.log.open("wb") as file:
            self.process = bench.start([bench.celery, "broker", "--bind", "tcp://127.0.0.1:0"], cwd=self.home.folder, stdout=file, stderr=file)
        end = time.monotonic() + 30
        while not (found := re.search(r"broker answers at (\S+)", self.log.read_text(errors="replace"))):
            if time.monotonic() > end or self.process.poll() is not None:
                raise CannotMeasure(f"celery broker does not start: {self.log.read_text(errors='replace')[-500:]}")
            time.sleep(0.02)
        self.url = found[1]
        self.client.configure(CELERY_BROKER_URL=self.url)

    def waiting(self):
        return self.home.count("ready")

    def results(self):
        return self.home.count("result")

    def stop(self):
        self.bench.kill(self.process)
