"""The same run with Redis as the broker, as `storm.py` has it with RabbitMQ."""

from harness import FACTOR
from network import Network
from storm import Storm
from redis_server import Redis

# Seconds in which a dead connection has to be noticed, and everything has to work again.
LIMIT = 10
# Lists of a queue, by the steps of priority.
STEPS = ("", "\x06\x163", "\x06\x166", "\x06\x169")


class BrokerRedis(Redis):
    """A server that keeps what it has confirmed, and tells of its queues as the RabbitMQ of the tests does."""

    def __init__(self, folder, *options, within=()):
        self.is_suspended = False
        super().__init__(folder, "--aof", *options, within=within)

    def suspend(self):
        self.is_suspended = True
        super().suspend()

    def resume(self):
        super().resume()
        self.is_suspended = False

    def queues(self):
        """name -> (all, held); what is held is not known by queue."""
        found = {}
        for queue in self.cli("SMEMBERS", "_celery.queues").split():
            length = sum(int(self.cli("LLEN", queue + step)) for step in STEPS)
            if length:
                found[queue] = (length, 0)
        held = int(self.cli("HLEN", "unacked"))
        if held or int(self.cli("ZCARD", "unacked_index")):
            found["unacked"] = (max(held, 1), held)
        return found


class RedisStorm(Storm):
    """Results are in the SQLite file of the project, where the checker reads them from outside."""

    def __init__(self, options):
        super().__init__(options)
        self.limit = LIMIT * FACTOR

    def make_server(self, listen):
        return BrokerRedis(self.project.base / "redis", *listen, within=self.within(Network.BROKER))

    def url(self, host):
        address = self.network.address(host) if self.network and host in self.network.hosts else "127.0.0.1"
        return f"redis://celery:celery-secret@{address}:{self.server.port}/0"
