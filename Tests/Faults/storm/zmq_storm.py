"""The same run with `celery broker` as the broker, as `storm.py` has it with RabbitMQ."""

import json
import signal
import subprocess
import time

from free_port import free_port
from harness import FACTOR
from network import Network
from storm import Storm

# Seconds in which a dead connection has to be noticed, and everything has to work again.
LIMIT = 10


class CeleryBroker:
    """`celery broker` of a project, with keys, that can be killed and started again on its port."""

    def __init__(self, project, address, within=()):
        self.project, self.within = project, list(within)
        self.is_suspended = False
        self.process = None
        self.port = free_port()
        self.address = f"tcp://{address}:{self.port}"
        self.log = project.base / "broker.log"
        self.key = self._key("celerybroker.key")
        # All hosts share the folder of the project, and with it the client's key.
        (project.folder / "celerybroker.clients").write_text(f"admin {self._key('celeryclient.key')} storm\n")
        self.restart()

    def _key(self, file):
        done = self.project.run("broker", "-q", "--keygen", file)
        if done.returncode != 0:
            raise RuntimeError(f"no key: {done.stderr}")
        return done.stdout.strip()

    def restart(self):
        """Starts it on the same file, and returns when it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.within, *self.project.command("broker", "--bind", self.address)], cwd=self.project.folder, env=self.project.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 30 * FACTOR
        while not self._listens():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"celery broker does not start: {self.log.read_text(errors='replace')[-800:]}")
            time.sleep(0.02)

    def _listens(self):
        found = subprocess.run([*self.within, "ss", "-Hltn", f"sport = :{self.port}"], capture_output=True, text=True, timeout=30)
        return bool(found.stdout.strip())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def suspend(self):
        self.is_suspended = True
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.is_suspended = False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def queues(self):
        """name -> (all, held), read from the file."""
        done = self.project.run("queues", "--json")
        if done.returncode != 0:
            raise RuntimeError(f"no queues: {done.stderr}")
        found = {}
        for line in done.stdout.splitlines():
            row = json.loads(line)
            held = row["running"] or 0
            total = row["ready"] + (row["scheduled"] or 0) + held
            if total:
                found[row["queue"]] = (total, held)
        return found


class ZMQStorm(Storm):
    """Results are in the file behind the broker, where the checker reads them from outside."""

    def __init__(self, options):
        super().__init__(options)
        self.limit = LIMIT * FACTOR

    def make_server(self, listen):
        return CeleryBroker(self.project, "0.0.0.0" if listen else "127.0.0.1", within=self.within(Network.BROKER))

    def server_process(self):
        return self.server.process.pid

    def url(self, host):
        address = self.network.address(host) if self.network and host in self.network.hosts else "127.0.0.1"
        return f"zmq://{address}:{self.server.port}?server_key={self.server.key}"
