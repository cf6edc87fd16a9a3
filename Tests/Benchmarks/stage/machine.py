"""What the figures were taken on."""

import os
import platform
import re
import sqlite3
import statistics
import subprocess
import time


class Machine:
    """Processor, kernel, how long the disk takes to keep something, and what else was measured."""

    def __init__(self, folder, beside):
        self.processor = processor()
        self.cores = len(os.sched_getaffinity(0))
        self.kernel = platform.release()
        self.system = system()
        self.filesystem = filesystem(folder)
        self.sync = sync_time(folder)
        self.load = os.getloadavg()[0]
        self.celery = version([os.environ["CELERY_BIN"], "--version"])
        self.sqlite = sqlite3.sqlite_version
        self.beside = beside

    def text(self):
        return (
            f"{self.processor}, {self.cores} core{'s' if self.cores != 1 else ''}; Linux {self.kernel}, {self.system}; "
            f"{self.filesystem}, fsync of 4 KiB {self.sync * 1e3:.2f} ms; load before {self.load:.1f}; {self.celery}"
            + "".join(f"; {text}" for text in self.beside))

    def json(self):
        return vars(self)


def processor():
    with open("/proc/cpuinfo") as file:
        found = re.search(r"^(?:model name|Model|cpu model)\s*:\s*(.+)$", file.read(), re.MULTILINE)
    return found[1] if found else platform.machine()


def system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return "unknown system"


def filesystem(folder):
    """The file system a folder is on: the longest mount point that begins its path."""
    path, best = os.path.realpath(folder) + "/", ("", "unknown")
    with open("/proc/mounts") as file:
        for line in file:
            point, kind = line.split()[1:3]
            if path.startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def sync_time(folder, times=200):
    """Seconds that appending 4 KiB and waiting for the disk takes: the median."""
    path, samples = folder / "sync", []
    with open(path, "wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            samples.append(time.perf_counter() - began)
    path.unlink()
    return statistics.median(samples)


def version(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip().splitlines()[0]
