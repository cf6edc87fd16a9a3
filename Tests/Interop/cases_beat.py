"""Periodic tasks of one side, run by workers of the other."""

import os
import pathlib
import subprocess
import sys
import tempfile

from cases_shell import shell
from interop_case import WAIT, case, same

PYTHON_BEAT = """
import sys
import app
app.app.conf.beat_schedule = {"tick": {"task": "interop.tasks.mark", "schedule": 1.0, "args": ["tick", sys.argv[1]]}}
app.app.Beat(schedule=sys.argv[2], loglevel="WARNING").run()
"""


def ticks(run, key, words, **options):
    """Lets a beat run until two of its runs have ended."""
    beat = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        same(set(run.wait_lines(key, 2)), {"tick"}, "what the runs wrote")
    finally:
        beat.terminate()
        beat.wait(WAIT)


@shell
def shell_beat(run):
    """Ours, by a section of the settings."""
    key = run.key()
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "celery.toml").write_text(
            f'[beat.tick]\ntask = "interop.tasks.mark"\nargs = ["tick", "{key}"]\nevery = "1s"\n')
        environment = {
            **os.environ, "CELERY_BROKER_URL": os.environ["INTEROP_BROKER"], "CELERY_RESULT_BACKEND": os.environ["INTEROP_BACKEND"]}
        ticks(run, key, [os.environ["CELERY_BIN"], "beat"], cwd=folder, env=environment)


@case
def beat_of_python(run):
    key = run.key()
    with tempfile.TemporaryDirectory() as folder:
        ticks(run, key, [sys.executable, "-c", PYTHON_BEAT, key, f"{folder}/schedule"])
