"""The same run with garagemq as the broker, as `storm.py` has it with RabbitMQ."""

import json

from garagemq_server import GarageMQ
from network import Network
from storm import Storm


class BrokerGarageMQ(GarageMQ):
    """A server that is asked for its queues by our own command."""

    def __init__(self, project, folder, *options, within=()):
        self.project = project
        super().__init__(folder, *options, within=within)

    def queues(self):
        """name -> (all, held); what is held is not known."""
        done = self.project.run("queues", "--json", "--broker", self.url)
        if done.returncode != 0:
            raise RuntimeError(f"no queues: {done.stderr}")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return {row["queue"]: (row["ready"], 0) for row in rows if row["ready"]}


class GarageMQStorm(Storm):
    """Results are in the SQLite file of the project, where workers look up what comes again: the server does not say so."""

    def make_server(self, listen):
        return BrokerGarageMQ(self.project, self.project.base / "garagemq", *listen, within=self.within(Network.BROKER))

    def url(self, host):
        address = self.network.address(host) if self.network and host in self.network.hosts else "127.0.0.1"
        return self.with_heartbeat(f"amqp://guest:guest@{address}:{self.server.port}//")
