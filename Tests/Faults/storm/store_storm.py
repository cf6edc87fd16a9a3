"""A run whose result store has a server of its own: what befalls that server and the links to it, and how soon outcomes arrive again."""

import json
import time

from harness import FACTOR, FINAL
from network import Network
from redis_storm import BrokerRedis
from storm import WORKERS, Storm
from storm_checker import Checker
from storm_schedule import Fault, cut
from store_servers import STORES, RedisStore, Unreadable

# Seconds in which a dead connection has to be noticed, and outcomes have to arrive again.
LIMIT = 10


class StoreChecker(Checker):
    """Reads the results from the server."""

    # All results take their time.
    pause = 2

    def results(self):
        # Some stores cannot tell what they hold.
        with self.storm.submitters.lock:
            ids = list(self.storm.submitters.expected)
        try:
            return self.storm.server.results(ids if self.storm.server.forgets else None)
        except Unreadable as problem:
            self.storm.note(f"results cannot be read: {problem}")
            return None


class StoreStorm(Storm):
    """The messages are in the SQLite file of the project, where no fault of the network matters, or in a Redis beside the store."""

    duty, done = "have its outcome recorded", "recorded"

    def __init__(self, options):
        self.broker = None
        super().__init__(options)
        self.checker = StoreChecker(self)
        self.limit = LIMIT * FACTOR

    def make_server(self, listen):
        within = self.within(Network.BROKER)
        store = STORES[self.options.store](self.project.base / "store", *listen, within=within)
        if self.options.broker == "redis":
            self.broker = store if isinstance(store, RedisStore) else BrokerRedis(self.project.base / "broker", *listen, within=within)
        return store

    def address(self, host):
        return self.network.address(host) if self.network and host in self.network.hosts else "127.0.0.1"

    def url(self, host):
        return f"redis://celery:celery-secret@{self.address(host)}:{self.broker.port}/0"

    def environment(self, host):
        broker = super().environment(host) if self.broker else {}
        return {**broker, "CELERY_RESULT_BACKEND": self.server.store_url(self.address(host))}

    def schedule(self, hosts):
        """As at a broker; a server that forgets everything is not killed."""
        rng, quick, heartbeat = self.random, self.options.quick, self.options.heartbeat
        faults = [Fault("suspend", rng.uniform(2, 3.5) if quick else heartbeat * rng.uniform(2.5, 3.5)) for _ in range(1 if quick else 3)]
        if not self.server.forgets:
            faults += [Fault("broker-kill", rng.uniform(0.2, 1 if quick else 8)) for _ in range(1 if quick else 4)]
        if self.network and quick:
            faults.append(Fault("cut", rng.uniform(2, 3.5), (rng.choice(WORKERS),), rng.choice(Network.WAYS)))
        elif self.network:
            faults += [cut(rng, hosts, heartbeat, number) for number in range(12)]
        faults += [Fault("worker", rng.uniform(0.1, 1), (rng.choice(WORKERS),)) for _ in range(1 if quick else 10)]
        faults += [Fault("child", rng.uniform(0.1, 1), (rng.choice(WORKERS),)) for _ in range(2 if quick else 20)]
        rng.shuffle(faults)
        return faults

    def answered(self, waiting):
        try:
            rows = self.server.results(list(waiting.values()))
        except Unreadable:
            return {}
        final = {identity for identity, state, _, _ in rows if state in FINAL}
        return {name: time.time() for name, identity in waiting.items() if identity in final}

    def queues(self):
        if self.broker:
            return self.broker.queues()
        done = self.project.run("queues", "--json")
        if done.returncode != 0:
            raise RuntimeError(f"no queues: {done.stderr}")
        found = {}
        for row in map(json.loads, done.stdout.splitlines()):
            total = row["ready"] + (row["scheduled"] or 0) + (row["running"] or 0)
            if total:
                found[row["queue"]] = (total, row["running"] or 0)
        return found

    def close(self, keep):
        broker, self.broker = self.broker, None
        if broker and broker is not self.server:
            broker.stop()
        super().close(keep)
