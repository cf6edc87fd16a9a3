"""Memory and processor time of processes, from /proc."""

import os
import re
import time


def descendants(pid):
    """A process and all below it."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            parent = parent_of(int(entry))
            children.setdefault(parent, []).append(int(entry))
    found, line = [], [pid]
    while line:
        process = line.pop()
        found.append(process)
        line += children.get(process, [])
    return found


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            # The name, in parentheses, may hold anything.
            return int(file.read().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def running(program):
    """Processes that run a program."""
    path, found = os.path.realpath(program), []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/exe") == path:
                found.append(int(entry))
        except OSError:
            # Gone, or not ours to see.
            pass
    return found


def pss(pids, kind="Pss"):
    """Proportional set size in MB (10^6 bytes): shared pages count in equal parts for all who share them.

    `Pss_Anon` leaves out pages of files, of which the kernel maps more or fewer around
    those that are used, by how they lie in its cache.
    """
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            total += int(re.search(rf"^{kind}:\s+(\d+) kB", file.read(), re.MULTILINE)[1])
    return total * 1024 / 1e6


def processor_seconds(pids):
    """Processor time used so far by all threads, also those that ended.

    The clock of a process as `clock_getcpuclockid(3)` makes it, in nanoseconds, where
    `/proc/PID/stat` counts ticks of 10 ms and `/proc/PID/schedstat` knows one thread only.
    """
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids) / 1e9
