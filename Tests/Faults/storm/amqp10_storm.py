"""The same run by AMQP 1.0, at RabbitMQ's plugin, as `storm.py` has it with AMQP 0-9-1."""

from harness import FACTOR
from network import Network
from rabbit import RabbitMQ
from storm import Storm

# Seconds in which a dead connection has to be noticed, and everything has to work again.
LIMIT = 10


class AMQP10Storm(Storm):
    """Results are in the SQLite file of the project, where the checker reads them from outside."""

    def __init__(self, options):
        super().__init__(options)
        self.limit = LIMIT * FACTOR

    def make_server(self, listen):
        return RabbitMQ(self.project.base / "rabbit", "--amqp10", *listen, within=self.within(Network.BROKER))

    def url(self, host):
        address = self.network.address(host) if self.network and host in self.network.hosts else "127.0.0.1"
        return f"amqp10://celery:celery-secret@{address}:{self.server.port}/celery"
