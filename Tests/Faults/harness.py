"""What the fault tests share: a project in a temporary folder, its database read from
outside, and every process of a run found again by a mark in its environment.

Python 3 and its standard library only. The binaries are copied first, so that a build
under way does not disturb a run.
"""

import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

# The Swift runtime of a debug build would write a backtrace instead of ending, for a signal that comes before ours are set up.
os.environ["SWIFT_BACKTRACE"] = "enable=no"
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "Tests" / "Servers"), str(ROOT / "Tests" / "Faults" / "storm"), str(ROOT / "Tests" / "Faults" / "peers")]
MARK = "CELERY_FAULTS_RUN"
FINAL = ("SUCCESS", "FAILURE", "REVOKED")
# How many times slower this machine is than the one limits of time were made for, as Tests/run measures it.
FACTOR = max(1.0, float(os.environ.get("CELERY_TEST_FACTOR") or 1))

# A run that is told to stop cleans up as one that fails.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
# What a shell starts in the background ignores these, and with it all that is started here.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)


def built(name):
    """Where a binary stands: CELERY_BIN_DIR, else the release build, else the debug build."""
    folders = [os.environ.get("CELERY_BIN_DIR"), ROOT / ".build/release", ROOT / ".build/debug"]
    for folder in folders:
        if folder and (pathlib.Path(folder) / name).exists():
            return pathlib.Path(folder) / name
    sys.exit(f"{name} is not built: swift build -c release")


class Project:
    """A project folder with its tasks, and celery commands run in it."""

    def __init__(self, app="faults", settings="", folder_name="project", parent=None):
        programs = [built(name) for name in ("celery", "celery-example")]
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="celery-faults.", dir=parent))
        self.bin = self.base / "bin"
        self.bin.mkdir()
        for program in programs:
            shutil.copy2(program, self.bin / program.name)
        self.folder = self.base / folder_name
        self.app = app
        self.tasks = self.folder / app / "tasks"
        self.tasks.mkdir(parents=True)
        self.mark = uuid.uuid4().hex
        self.env = {**os.environ, MARK: self.mark, "TMPDIR": str(self.base)}
        for name in [name for name in self.env if name.startswith("CELERY_") and name != MARK]:
            del self.env[name]
        (self.folder / "celery.toml").write_text(f'INSTALLED_APPS = ["{app}"]\n{settings}')

    @property
    def database(self):
        return self.folder / "celery.db"

    def add_task(self, name, text):
        path = self.tasks / name
        path.write_text(text)
        path.chmod(0o755)

    def command(self, *words, binary="celery"):
        return [str(self.bin / binary), *map(str, words)]

    def run(self, *words, binary="celery", timeout=60, **options):
        """Runs a command to its end; stdout and stderr as text unless told otherwise."""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("cwd", self.folder)
        options.setdefault("env", self.env)
        options.setdefault("text", True)
        options.setdefault("errors", "replace")
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(self.command(*words, binary=binary), timeout=timeout * FACTOR, **options)

    def start(self, *words, binary="celery", **options):
        """Starts a command and leaves it running."""
        options.setdefault("cwd", self.folder)
        options.setdefault("env", self.env)
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.command(*words, binary=binary), **options)

    def query(self, sql, *arguments):
        """Rows of the database, read by SQLite itself and not by us."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, arguments).fetchall()
        finally:
            connection.close()

    def value(self, sql, *arguments):
        return self.query(sql, *arguments)[0][0]

    def processes(self):
        """Every living process that was started, by whatever way, from this run: pid -> command."""
        needle = f"{MARK}={self.mark}".encode()
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                environment = pathlib.Path("/proc", entry, "environ").read_bytes()
                if needle in environment.split(b"\0"):
                    words = pathlib.Path("/proc", entry, "cmdline").read_bytes()
                    found[int(entry)] = words.replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
        return found

    def wait_for(self, condition, seconds, what):
        """Waits until `condition` holds; a test may look, as it watches from outside."""
        seconds *= FACTOR
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.05)
        print(f"  waited {seconds:.0f} s in vain: {what}")
        return False

    def wait_consuming(self, log, seconds=20):
        return self.wait_for(lambda: b"Celery has started." in pathlib.Path(log).read_bytes(), seconds, "worker to consume")

    def close(self, keep=False):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if keep:
            print(f"kept: {self.base}")
        else:
            shutil.rmtree(self.base, ignore_errors=True)


def children(pid):
    """Process ids of the children of a process."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found


def resident_megabytes(pid):
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
    except OSError:
        return 0.0


def stop_with(run, keep):
    """Runs `run.run()` and clears up after it, whatever happened; a run that failed stays on the disk."""
    status = 1
    try:
        status = run.run()
    finally:
        run.close(keep=keep or status != 0)
    return status
