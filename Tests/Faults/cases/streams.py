"""Closed and full streams, few descriptors, great crowds, jumping clocks."""

import concurrent.futures
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

from checks import Skip
from harness import resident_megabytes


def case_full_and_closed_streams(failures):
    project = failures.project()
    failures.done(project.run("syncdb"))
    with open("/dev/full", "w") as full:
        result = project.run("apply", "faults.tasks.echo", stdout=full)
        failures.expect(result.returncode not in (0, 70), f"/dev/full: {result.returncode}")
        failures.expect("cannot write" in result.stderr, f"/dev/full: {result.stderr!r}")
        result = project.run("apply", "faults.tasks.echo", stderr=full)
        failures.expect(result.returncode == 0, f"stderr on /dev/full: {result.returncode}")
    command = " ".join(f"'{word}'" for word in project.command("apply", "faults.tasks.echo", "x"))
    for closed in ("<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-", ">&- 2>&-"):
        for _ in range(5):
            result = subprocess.run(["sh", "-c", f"{command} {closed}"], cwd=project.folder, env=project.env, capture_output=True, text=True)
            wanted = {0} if ">&-" not in closed.replace("2>&-", "") else {1, 73, 74}
            failures.expect(result.returncode in wanted, f"{closed}: {result.returncode} {result.stderr!r}")
            if result.stderr and ">&-" in closed:
                failures.expect("bad file descriptor" in result.stderr, f"{closed}: it wrote to some other file: {result.stderr!r}")
    failures.intact(project)
    # A worker without any of them works.
    command = " ".join(f"'{word}'" for word in project.command("celeryd", "--burst", "-c", "2"))
    result = subprocess.run(["sh", "-c", f"{command} <&- >&- 2>&-"], cwd=project.folder, env=project.env, timeout=60)
    failures.expect(result.returncode == 0, f"a worker without streams: {result.returncode}")
    failures.expect(project.value("SELECT count(*) FROM message") == 0, "a worker without streams did not do its work")
    failures.intact(project)


def case_reader_that_goes_away(failures):
    project = failures.project()
    batch = project.base / "batch"
    batch.write_text('{"task":"faults.tasks.echo"}\n' * 20_000)
    command = " ".join(f"'{word}'" for word in project.command("apply", "--batch", batch))
    result = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"], cwd=project.folder, env=project.env,
        capture_output=True, text=True, restore_signals=True, timeout=60)
    failures.expect(len(result.stdout.split()) == 1, f"printed {result.stdout[:100]!r}")
    failures.expect(result.returncode in (0, 141), f"status {result.returncode}")
    failures.expect("Fatal" not in result.stderr, result.stderr[:300])
    failures.note(f"status {result.returncode}, {project.value('SELECT count(*) FROM message')} of 20000 sent")


def case_few_descriptors(failures):
    project = failures.project()
    failures.done(project.run("syncdb"))

    def limited(number, *words, seconds=20):
        command = ["prlimit", f"--nofile={number}", *project.command(*words)]
        return subprocess.run(command, cwd=project.folder, env=project.env, capture_output=True, text=True, timeout=seconds)

    failures.done(limited(64, "apply", "faults.tasks.echo"))
    failures.done(limited(64, "celeryd", "--burst", "-c", "8"))
    # More children than descriptors: an error, and nothing that hangs.
    try:
        result = limited(64, "celeryd", "-c", "60")
        failures.expect(result.returncode in (70, 75), f"status {result.returncode}: {result.stderr[-300:]}")
        failures.expect("too many open files" in result.stderr.lower(), result.stderr[-300:])
    except subprocess.TimeoutExpired:
        failures.add("a worker that cannot start its children hangs")
    for number in (10, 12, 16):
        result = limited(number, "apply", "faults.tasks.echo")
        failures.expect(result.returncode in (0, 69, 73, 75, 77, 127), f"nofile={number}: {result.returncode} {result.stderr[-200:]}")
    failures.intact(project)


def case_crowd_of_submitters(failures):
    """Many at once: all that was printed is kept, nobody is told 'locked', waiting costs nothing."""
    project = failures.project()
    failures.done(project.run("syncdb"))
    total, width = (1_000, 100) if failures.options.quick else (10_000, 300)
    printed, bad = [], []

    def submit(number):
        result = project.run("apply", "-q", "faults.tasks.echo", number, timeout=120)
        return result.returncode, result.stdout.strip(), result.stderr

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        for status, identity, errors in pool.map(submit, range(total)):
            (printed if status == 0 else bad).append(identity if status == 0 else (status, errors[:200]))
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / total
    failures.note(f"{total} submitters, {width} at a time: {seconds:.0f} s, {1000 * processor:.1f} ms of processor each")
    failures.expect(not bad, f"{len(bad)} were refused: {bad[:3]}")
    kept = {row[0] for row in project.query("SELECT id FROM message")}
    failures.expect(set(printed) <= kept and len(kept) == total, f"printed {len(printed)}, kept {len(kept)}")
    failures.intact(project)


def case_a_thousand_that_wait(failures):
    """All wait for one writer that takes seconds: it costs them no processor time."""
    import sqlite3

    project = failures.project()
    failures.done(project.run("syncdb"))
    count = 100 if failures.options.quick else 1_000
    # What a stopped writer of ours holds: its place at the head of the line.
    worker, _ = failures.worker(project, "-c", 1)
    holder = sqlite3.connect(project.database, isolation_level=None)
    import fcntl
    line = open(f"{project.database}-wal", "rb+")
    fcntl.flock(line, fcntl.LOCK_EX)
    crowd = [project.start("apply", "-q", "faults.tasks.echo", "--countdown", "1h", stdout=subprocess.DEVNULL) for _ in range(count)]
    waiting = lambda: sum(f"{p.pid}" != "" and p.poll() is None for p in crowd)
    time.sleep(5 if failures.options.quick else 25)

    def ticks():
        used = 0
        for process in crowd:
            try:
                fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
                used += int(fields[11]) + int(fields[12])
            except OSError:
                pass
        return used / os.sysconf("SC_CLK_TCK")

    first, began = ticks(), time.monotonic()
    time.sleep(3)
    load = (ticks() - first) / (time.monotonic() - began)
    failures.note(f"{waiting()} wait with {100 * load:.1f} % of one processor")
    failures.expect(waiting() == count, f"{count - waiting()} did not wait")
    failures.expect(load < 0.2, f"waiting takes {100 * load:.0f} % of a processor")
    fcntl.flock(line, fcntl.LOCK_UN)
    line.close()
    holder.close()
    statuses = {}
    for process in crowd:
        status = process.wait(60)
        statuses[status] = statuses.get(status, 0) + 1
    failures.expect(statuses == {0: count}, f"statuses {statuses}")
    failures.expect(project.value("SELECT count(*) FROM message") == count, "not all are kept")
    failures.stop(worker)


def case_worker_with_a_stuck_log(failures):
    """Nobody reads the worker's stderr: its memory must not grow, and it goes on when somebody does."""
    project = failures.project()
    project.add_task("noisy", "#!/bin/bash\nhead -c 900000 /dev/zero | tr '\\0' 'x' | fold -w 100 >&2\n")
    reader, writer = os.pipe()
    worker = project.start("celeryd", "-c", 4, stderr=writer, stdout=writer)
    failures.cleanups.append(lambda: worker.poll() is None and worker.kill())
    os.close(writer)
    count = 100
    project.run("apply", "--batch", "-", input='{"task":"faults.tasks.noisy"}\n' * count)
    time.sleep(6)
    resident = resident_megabytes(worker.pid)
    failures.note(f"{resident:.0f} MB resident while nobody reads")
    failures.expect(resident < 150, f"the worker has grown to {resident:.0f} MB")

    import threading
    def drain():
        while os.read(reader, 1 << 16):
            pass
    threading.Thread(target=drain, daemon=True).start()
    # A million lines in all; what counts is that they come, and a few tasks of them show it as well as all.
    left = count - 12 if failures.options.quick else 0
    done = lambda: project.value("SELECT count(*) FROM message") <= left
    failures.expect(project.wait_for(done, 240, "the worker to go on"), "it does not go on")
    project.run("purge", "--force")  # what is left proves nothing more
    failures.stop(worker)


def case_jumping_clock(failures):
    """The clock of one worker of two jumps by an hour, to and fro: nothing is lost, nothing runs twice."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        raise Skip("needs a C compiler, for a clock that can be set")
    project = failures.project()
    source = project.base / "clock.c"
    source.write_text("""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static long jump(void) {
            char text[32] = {0};
            const char *path = getenv("CLOCK_JUMP");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return 0;
            if (read(file, text, 31) < 0) text[0] = 0;
            close(file);
            return atol(text);
        }
        int clock_gettime(clockid_t clock, struct timespec *time) {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
            int result = real(clock, time);
            if (clock == CLOCK_REALTIME) time->tv_sec += jump();
            return result;
        }
        """)
    library = project.base / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True, capture_output=True)
    project.add_task("count", '#!/bin/sh\necho "$1" >> "$COUNT"\nsleep 0.3\n')
    count = project.base / "count"
    clock = project.base / "jump"
    clock.write_text("0")
    project.env["COUNT"] = str(count)
    jumping = {**project.env, "LD_PRELOAD": str(library), "CLOCK_JUMP": str(clock)}
    steady, log = failures.worker(project, "-c", 2, "-n", "steady", "-l", "WARNING")
    moved, other = failures.worker(project, "-c", 2, "-n", "moved", "-l", "WARNING", env=jumping)
    total = 60
    project.run("apply", "--batch", "-", input="".join('{"task":"faults.tasks.count","args":[%d]}\n' % n for n in range(total)))
    for seconds in (3600, 0, -3600, 0):
        time.sleep(1.5)
        clock.write_text(str(seconds))
    done = lambda: project.value("SELECT count(*) FROM message") == 0
    failures.expect(project.wait_for(done, 40, "all to be done"), "messages are left")
    runs = count.read_text().split()
    failures.expect(len(set(runs)) == total, f"{total - len(set(runs))} did not run")
    again = len(runs) - total
    failures.note(f"{again} of {total} ran twice")
    failures.expect(again == 0, f"{again} ran twice: " + (log.read_text() + other.read_text())[-300:])
    failures.stop(steady)
    failures.stop(moved)
