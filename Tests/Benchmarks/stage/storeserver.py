"""The servers of a run that keep results, and what is stored in them beside celery."""

import os
import pathlib
import shlex
import subprocess

from bench import HERE
from failure import CannotMeasure

SERVERS = HERE.parents[1] / "Tests" / "Servers"


class StoreServer:
    """A server that a script of Tests/Servers starts in a folder of the run, and that ends with it."""

    def __init__(self, name, folder, *options):
        self.script, self.folder = SERVERS / name, pathlib.Path(folder)
        text = self("start", "--owner", str(os.getpid()), *options)
        pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
        self.facts = {key.removeprefix(f"{name.upper()}_"): " ".join(shlex.split(value)) for key, value in pairs}

    def __call__(self, verb, *words):
        done = subprocess.run(
            [self.script, verb, self.folder, *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise CannotMeasure(f"{self.script} {verb} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("stop")
