"""A celery project in the scratch folder."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

from failure import CannotMeasure


class Project:
    """A folder with a `celery.toml`, an app called `demo`, and a database once something is sent."""

    def __init__(self, bench, folder):
        self.bench = bench
        self.folder = folder
        self.tasks = folder / "demo" / "tasks"
        self.database = folder / "celery.db"
        self.tasks.mkdir(parents=True)
        (folder / "celery.toml").write_text('INSTALLED_APPS = ["demo"]\n')

    def configure(self, **settings):
        """Adds settings that are texts."""
        with (self.folder / "celery.toml").open("a") as file:
            for name, text in settings.items():
                file.write(f"{name} = {json.dumps(text)}\n")

    def add_script(self, name, text):
        """A program task written as a script."""
        path = self.tasks / name
        path.write_text(text)
        path.chmod(0o755)

    def add_program(self, name, path):
        """A program task that is a copy of another program."""
        shutil.copyfile(path, self.tasks / name)
        (self.tasks / name).chmod(0o755)

    def celery(self, *words, program=None, **options):
        """Runs a command to its end and returns stdout."""
        return self.bench.run([program or self.bench.celery, *words], cwd=self.folder, **options)

    def lines(self, count, line):
        """A batch file of equal lines."""
        path = self.folder / f"batch-{count}.ndjson"
        with path.open("w") as file:
            text = json.dumps(line) + "\n"
            while count > 0:
                now = min(count, 10_000)
                file.write(text * now)
                count -= now
        return path

    def submit(self, count, line, program=None):
        """Sends a batch of equal messages."""
        path = self.lines(count, line)
        self.celery("apply", "--batch", path, program=program)
        path.unlink()

    def worker(self, *words, program=None):
        """Starts a worker and returns it once it answers `celery status`."""
        log = self.folder / "worker.log"
        with log.open("ab") as file:
            process = self.bench.start(
                [program or self.bench.celery, "celeryd", "-l", "WARNING", "-q", *words], cwd=self.folder,
                stdout=subprocess.DEVNULL, stderr=file)
        for _ in range(200):
            if process.poll() is not None:
                raise CannotMeasure(f"the worker ended with {process.returncode}: {log.read_text().strip()[-500:]}")
            if self.answers():
                return process
            time.sleep(0.05)
        raise CannotMeasure("the worker does not answer")

    def answers(self):
        """Whether a worker answers."""
        if not self.database.exists():
            return False
        done = subprocess.run(
            [self.bench.celery, "status"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=60)
        return done.returncode == 0

    def stop(self, worker):
        """Stops a worker as a user would, and waits until it is gone."""
        worker.terminate()
        try:
            worker.wait(timeout=30)
        except subprocess.TimeoutExpired:
            pass
        self.bench.kill(worker)

    def count(self, table):
        """How many rows a table of the database has."""
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        finally:
            connection.close()

    def check(self, results, waiting=0):
        """Makes sure that everything was done that was to be timed."""
        found, left = self.count("result"), self.count("message")
        if (found, left) != (results, waiting):
            raise CannotMeasure(f"{found} results instead of {results}, {left} messages left instead of {waiting}")

    def save(self):
        """Keeps the database as it is now, for `restore`. Nobody may have it open."""
        os.replace(self.database, self.folder / "saved.db")

    def restore(self):
        """Puts the saved database back, wholly written to the disk."""
        self.remove()
        durable_copy(self.folder / "saved.db", self.database)

    def remove(self):
        """Removes the database."""
        remove_database(self.database)


def remove_database(path):
    """Removes a database with its WAL."""
    for end in ("", "-wal", "-shm"):
        pathlib.Path(f"{path}{end}").unlink(missing_ok=True)


def durable_copy(source, target):
    """Copies a file and waits for the disk, so that later writes do not wait for these."""
    shutil.copyfile(source, target)
    with open(target, "rb+") as file:
        os.fsync(file.fileno())
