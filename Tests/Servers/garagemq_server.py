"""The script `garagemq` beside this file, for tests written in Python."""

import os
import pathlib
import re
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parent / "garagemq"


class GarageMQ:
    """A server in a folder that must not exist yet.

    `within` is put before every command, as `ip netns exec NAME`. It ends with the
    process that started it, if not before.
    """

    def __init__(self, folder, *options, within=()):
        self.folder = pathlib.Path(folder)
        self.within = list(within)
        self.is_suspended = False
        text = self._run("start", *options, "--owner", str(os.getpid()))
        self.names = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))

    @property
    def url(self):
        return self.names["GARAGEMQ_URL"]

    @property
    def port(self):
        return int(self.names["GARAGEMQ_PORT"])

    def kill(self):
        """As a power cut would."""
        self._run("kill")

    def restart(self):
        """Starts it on the same data, and returns when it is ready."""
        self._run("restart")

    def suspend(self):
        """Stops it without a word."""
        self.is_suspended = True
        self._run("suspend")

    def resume(self):
        self._run("resume")
        self.is_suspended = False

    def stop(self):
        self._run("stop")

    def _run(self, verb, *words):
        done = subprocess.run(
            [*self.within, SCRIPT, verb, self.folder, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise RuntimeError(f"garagemq {verb} {' '.join(words)}: status {done.returncode}: {done.stderr.strip()[-800:]}")
        return done.stdout
