"""The script `rabbitmq` beside this file, for tests written in Python."""

import os
import pathlib
import re
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parent / "rabbitmq"


class RabbitMQ:
    """Servers in a folder that must not exist yet.

    `within` is put before every command, as `ip netns exec NAME`. They end with the
    process that started them, if not before.
    """

    def __init__(self, folder, *options, within=()):
        self.folder = pathlib.Path(folder)
        self.within = list(within)
        self.is_suspended = False
        text = self._run("start", *options, "--owner", str(os.getpid()))
        self.names = dict(re.findall(r"^(\w+)='?(.*?)'?$", text, re.MULTILINE))

    @property
    def url(self):
        return self.names["RABBIT_URL"]

    @property
    def urls(self):
        """Those of all nodes, with `;` between."""
        return self.names["RABBIT_URLS"]

    @property
    def port(self):
        return int(self.names["RABBIT_PORT"])

    def kill(self, node=1):
        """As a power cut would."""
        self._run("kill", str(node))

    def restart(self, node=1):
        """Starts it on the same data, and returns when it is ready."""
        self._run("restart", str(node))

    def suspend(self, node=1):
        """Stops it without a word."""
        self._run("suspend", str(node))
        self.is_suspended = True

    def resume(self, node=1):
        self._run("resume", str(node))
        self.is_suspended = False

    def ctl(self, *words, node=1):
        """What rabbitmqctl prints, asked of one node."""
        return self._run("ctl", *words, NODE=str(node))

    def queues(self, vhost="celery", node=1):
        """How many messages each queue of tasks holds: name -> (all, unacknowledged). A stream keeps what was read."""
        text = self.ctl("-q", "--no-table-headers", "list_queues", "-p", vhost, "name", "messages", "messages_unacknowledged", node=node)
        rows = [line.split("\t") for line in text.splitlines()]
        streams = ("celery.orders", "celery.events", "celery.statistics")
        return {name: (int(count), int(held)) for name, count, held in rows if count.isdigit() and name not in streams}

    def stop(self):
        self._run("stop")

    def _run(self, verb, *words, **more):
        done = subprocess.run(
            [*self.within, SCRIPT, verb, self.folder, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=180, env={**os.environ, **more})
        if done.returncode != 0:
            raise RuntimeError(f"rabbitmq {verb} {' '.join(words)}: status {done.returncode}: {done.stderr.strip()[-800:]}")
        return done.stdout
