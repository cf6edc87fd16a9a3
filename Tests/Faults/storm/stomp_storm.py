"""The same run by STOMP, at ActiveMQ or at RabbitMQ's plugin, as `storm.py` has it with AMQP."""

import pathlib
import subprocess
import sys

from activemq_server import ActiveMQ
from harness import FACTOR
from network import Network
from rabbit import RabbitMQ
from storm import WORKERS, Storm

# Seconds in which a dead connection has to be noticed, and everything has to work again.
LIMIT = 10
BROWSE = pathlib.Path(__file__).resolve().parent / "stomp_browse.py"
QUEUES = ("celery", "celery.dead.stomp", "ActiveMQ.DLQ", *(f"canary-{name}" for name in WORKERS))


class BrokerActiveMQ(ActiveMQ):
    """A server that tells of its queues as the RabbitMQ of the tests does."""

    def __init__(self, folder, *options, within=()):
        self.is_suspended = False
        super().__init__(folder, *options, within=within)

    def suspend(self):
        self.is_suspended = True
        super().suspend()

    def resume(self):
        super().resume()
        self.is_suspended = False

    def queues(self):
        """name -> (all, held); what is held is among all, and not told apart."""
        done = subprocess.run(
            [*self.within, sys.executable, BROWSE, str(self.port), *QUEUES], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"no counts of queues: {done.stderr.strip()[-800:]}")
        return {name: (int(count), 0) for name, count in zip(QUEUES, done.stdout.split())}


class StompStorm(Storm):
    """Results are in the SQLite file of the project, where the checker reads them from outside."""

    def __init__(self, options):
        super().__init__(options)
        self.limit = LIMIT * FACTOR

    @property
    def is_rabbit(self):
        return self.options.server == "rabbitmq"

    def make_server(self, listen):
        if self.is_rabbit:
            return RabbitMQ(self.project.base / "rabbit", "--stomp", *listen, within=self.within(Network.BROKER))
        return BrokerActiveMQ(self.project.base / "activemq", *listen, within=self.within(Network.BROKER))

    def url(self, host):
        address = self.network.address(host) if self.network and host in self.network.hosts else "127.0.0.1"
        port = self.server.names["RABBIT_STOMP_PORT"] if self.is_rabbit else self.server.port
        return f"stomp://celery:celery-secret@{address}:{port}/" + ("celery" if self.is_rabbit else "")
