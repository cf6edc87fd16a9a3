"""The script `memcached` beside this file, for tests written in Python."""

import os
import pathlib
import re
import socket
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parent / "memcached"


class Memcached:
    """A server in a folder that must not exist yet.

    `within` is put before every command, as `ip netns exec NAME`. It ends with the
    process that started it, if not before.
    """

    def __init__(self, folder, *options, within=()):
        self.folder = pathlib.Path(folder)
        self.within = list(within)
        text = self._run("start", *options, "--owner", str(os.getpid()))
        self.names = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))

    @property
    def url(self):
        return self.names["MEMCACHED_URL"]

    @property
    def port(self):
        return int(self.names["MEMCACHED_PORT"])

    def empty(self):
        """Forgets everything."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(b"flush_all\r\n")
            if connection.recv(64) != b"OK\r\n":
                raise RuntimeError("memcached does not forget")

    def kill(self):
        """As a power cut would; whatever it kept is gone."""
        self._run("kill")

    def restart(self):
        """Starts it again, empty, and returns when it is ready."""
        self._run("restart")

    def suspend(self):
        """Stops it without a word."""
        self._run("suspend")

    def resume(self):
        self._run("resume")

    def stop(self):
        self._run("stop")

    def _run(self, verb, *words):
        done = subprocess.run(
            [*self.within, SCRIPT, verb, self.folder, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise RuntimeError(f"memcached {verb} {' '.join(words)}: status {done.returncode}: {done.stderr.strip()[-800:]}")
        return done.stdout
