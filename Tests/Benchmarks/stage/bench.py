"""What every benchmark stands on: a scratch folder, processes, and C peers.

Every process started here leads a session of its own and is killed with all its
descendants when its benchmark is over, however it ended.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from failure import CannotMeasure
from processes import descendants
from project import Project

HERE = pathlib.Path(__file__).resolve().parents[1]


class Bench:
    """The scratch folder of one run, and everything that happens in it. Use it with `with`."""

    def __init__(self, folder, quick):
        self.quick = quick
        self.celery = os.environ["CELERY_BIN"]
        self.example = os.environ["CELERY_EXAMPLE_BIN"]
        self._parent = folder
        self._running = []
        self._sections = 0

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="celery-bench-", dir=self._parent))
        return self

    def __exit__(self, *_):
        # A second Ctrl-C must not stop the clearing up.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def say(self, text):
        """Tells how it goes."""
        print(text, flush=True)

    def beside(self):
        """Names and versions of what is measured beside celery, for the table."""
        return []

    def pick(self, full, quick):
        """One of two sizes."""
        return quick if self.quick else full

    def clear(self):
        """Ends what still runs and empties the folder, but for the compiled peers."""
        while self._running:
            self.kill(self._running[-1])
        for entry in self.folder.iterdir():
            if entry.name != "peers":
                shutil.rmtree(entry)

    # Folders and files

    def section(self):
        """A new empty folder."""
        self._sections += 1
        folder = self.folder / f"section-{self._sections}"
        folder.mkdir()
        return folder

    def project(self):
        """A new project, whose tasks are programs; see `Project`."""
        return Project(self, self.section())

    def peer(self, name, library="sqlite3"):
        """The path of a compiled C peer."""
        built = self.folder / "peers" / name
        if not built.exists():
            built.parent.mkdir(exist_ok=True)
            source = HERE / "peers" / f"{name}.c"
            self.run(["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", built, source, f"-l{library}"])
        return str(built)

    # Processes

    def start(self, command, **options):
        """Starts a process in a session of its own. stdin is empty unless given."""
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen([str(word) for word in command], start_new_session=True, **options)
        self._running.append(process)
        return process

    def kill(self, process):
        """Ends a process at once, with its group and all below it."""
        if process.poll() is None:
            for pid in descendants(process.pid):
                send(os.kill, pid)
        send(os.killpg, process.pid)
        process.wait()
        if process in self._running:
            self._running.remove(process)

    def run(self, command, cwd=None, stdin=None, timeout=300):
        """Runs to the end and returns stdout.

        Raises `CannotMeasure` for any status but 0.
        """
        process = self.start(
            command, cwd=cwd, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise CannotMeasure(f"{name_of(command)} took more than {timeout} s") from None
        finally:
            self.kill(process)
        if process.returncode != 0:
            raise CannotMeasure(f"{name_of(command)} ended with status {process.returncode}: {errors.strip()[-500:]}")
        return output

    def seconds(self, command, cwd=None, stdin=None, timeout=300):
        """How long a command takes from its start to its end. What it prints goes nowhere."""
        errors = tempfile.TemporaryFile(dir=self.folder)
        process = None
        began = time.monotonic()
        try:
            process = self.start(
                command, cwd=cwd, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            status = wait(process, timeout)
            took = time.monotonic() - began
        finally:
            if process:
                self.kill(process)
        if status is None:
            raise CannotMeasure(f"{name_of(command)} took more than {timeout} s")
        if status != 0:
            errors.seek(0)
            text = errors.read().decode(errors="replace").strip()
            raise CannotMeasure(f"{name_of(command)} ended with status {status}: {text[-500:]}")
        return took


def send(kill, number):
    """Sends SIGKILL to what may be gone already."""
    try:
        kill(number, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait(process, timeout):
    """The status, or None after `timeout` seconds.

    `Popen.wait` with a timeout sleeps up to 50 ms past the end; a timer's signal does not.
    """
    def give_up(*_):
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(timeout)
    try:
        return process.wait()
    except TimeoutError:
        return None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def name_of(command):
    """A command as a message names it."""
    words = [str(word) for word in command]
    return " ".join([pathlib.Path(words[0]).name] + words[1:4])
