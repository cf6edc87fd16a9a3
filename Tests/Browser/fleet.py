"""A project with something on each page of the dashboard, its worker and `celery web`."""

import json
import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Faults"))

from harness import Project  # noqa: E402

SETTINGS = """
CELERY_STATISTICS = true
[beat.nightly]
task = "shop.tasks.add"
args = [1, 2]
every = "1h"
"""
# A name that would be more than text in a page that forgets to escape it.
HOSTILE = "<img src=x onerror=alert(1)>"


class Fleet:
    """What the browser looks at."""

    def __init__(self):
        self.project = Project(app="shop", settings=SETTINGS)
        add = self.project.add_task
        add("add.sh", "#!/bin/sh\nsum=0; for number; do sum=$((sum + number)); done; echo $sum\n")
        add("fail.sh", "#!/bin/sh\necho 'the shelf is empty' >&2; exit 3\n")
        add("wait.sh", "#!/bin/sh\ncelery self progress 1/2 waiting; until [ -e \"$1\" ]; do sleep 0.05; done\n")
        self.project.env["PATH"] = f"{self.project.bin}:{self.project.env['PATH']}"

    def start(self):
        self.failed = [self.apply("shop.tasks.fail", str(number)) for number in range(3)]
        self.apply("shop.tasks.add", "1", "2")
        self.apply("shop.tasks.fail", "password=hush")
        self.apply(HOSTILE, HOSTILE)
        # Nobody knows these, and they become dead letters.
        self.dead = [self.apply("shop.tasks.gone", str(number)) for number in range(4)]
        self.check(self.project.run("celeryd", "--burst", "-q", "-c", "2", "-n", "first@here"))
        lines = "".join(json.dumps({"task": "shop.tasks.add", "args": [number]}) + "\n" for number in range(5))
        self.check(self.project.run("apply", "--batch", "-", "--set", "-Q", "sets", input=lines))
        self.worker()
        self.running = self.apply("shop.tasks.wait", "go")
        self.wait_for(self.running, "PROGRESS")
        for number in range(3):
            self.apply("shop.tasks.add", str(number), "-Q", "orders")
        self.check(self.project.run("web", "--detach", "-q", "--bind", "127.0.0.1:0", "-p", "web.pid", "-f", "web.log"))
        log = (self.project.folder / "web.log").read_text()
        self.address = re.findall(r"Answering at (http://\S+)/", log)[-1]

    def worker(self):
        self.check(self.project.run(
            "celeryd", "--detach", "-E", "-c", "2", "-n", "shop@here", "-p", "worker.pid", "-f", "worker.log"))

    def apply(self, *words):
        """Submits a task and returns its id."""
        return self.check(self.project.run("apply", *words)).strip()

    def state(self, task):
        return self.project.run("status", task).stdout.split("\t")[1].strip()

    def wait_for(self, task, state):
        if not self.project.wait_for(lambda: self.state(task) == state, 20, f"{task} to be {state}"):
            raise AssertionError(f"{task} is {self.state(task)}")

    @staticmethod
    def check(done):
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(done.args)}: {done.returncode}\n{done.stderr}")
        return done.stdout

    def close(self, keep):
        self.project.close(keep=keep)
