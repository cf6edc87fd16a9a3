"""Programs that misbehave."""

import os
import pathlib
import signal
import subprocess
import time

from harness import FACTOR, children, resident_megabytes


def watch_memory(process, until, seconds):
    """The greatest resident memory of a worker and of its children, in megabytes."""
    worker = child = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        worker = max(worker, resident_megabytes(process.pid))
        child = max([child, *map(resident_megabytes, children(process.pid))])
        time.sleep(0.05)
    return worker, child


def case_a_gigabyte_of_output(failures):
    size = 100 if failures.options.quick else 1_000
    for stream, kept in ((1, "OutputTooLarge"), (2, None)):
        for shape in ("/dev/zero", "yes"):
            project = failures.project()
            source = f"head -c {size}M /dev/zero" if shape != "yes" else f"yes 'a line of text' | head -c {size}M"
            project.add_task("much", f"#!/bin/sh\n{source} >&{stream}\n")
            worker, log = failures.worker(project, "-c", 1)
            identity = project.run("apply", "faults.tasks.much").stdout.strip()
            done = lambda: project.value("SELECT count(*) FROM message") == 0
            parent, child = watch_memory(worker, done, 120)
            shown = project.run("result", identity)
            failures.expect(done(), f"stream {stream}, {shape}: it does not end")
            if kept:
                failures.expect(kept in shown.stderr or "bytes to stdout" in shown.stderr, f"stdout: {shown}")
            else:
                failures.expect(shown.returncode == 0, f"stderr: {shown}")
            failures.note(f"stream {stream} {shape}: worker {parent:.0f} MB, child {child:.0f} MB, log {log.stat().st_size / 1e6:.1f} MB")
            failures.expect(parent < 80 and child < 120, f"stream {stream}: worker {parent:.0f} MB, child {child:.0f} MB")
            failures.expect(log.stat().st_size < 20e6, f"the log has {log.stat().st_size / 1e6:.0f} MB")
            failures.stop(worker)


def case_programs_that_leave_things_behind(failures):
    project = failures.project()
    project.add_task("daemon", "#!/usr/bin/env python3\nimport os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(1000)\n    os._exit(0)\nprint('left')\n")
    project.add_task("background", "#!/bin/sh\nsleep 1000 &\nnohup sleep 1001 > /dev/null 2>&1 &\necho left\n")
    project.add_task("deaf", "#!/bin/sh\nexec 0<&-\necho heard nothing\n")
    project.add_task("mute", "#!/bin/sh\nexec 1>&- 2>&-\nsleep 0.5\n")
    project.add_task("brood", "#!/bin/sh\ni=0\nwhile [ $i -lt 200 ]; do sleep 1000 & i=$((i + 1)); done\necho brood\n")
    worker, log = failures.worker(project, "-c", 2)
    for name, output in [("daemon", "left\n"), ("background", "left\n"), ("deaf", "heard nothing\n"), ("mute", "\n"), ("brood", "brood\n")]:
        result = project.run("apply", f"faults.tasks.{name}", "--wait", "--timeout", "20")
        failures.expect(result.returncode == 0 and result.stdout == output, f"{name}: {result.returncode} {result.stdout!r} {result.stderr[:300]}")
    left = [words for words in project.processes().values() if "sleep" in words or "daemon" in words]
    failures.expect(not left, f"left over: {left[:5]}")
    failures.stop(worker)
    failures.expect(not project.processes(), f"left over after the worker: {project.processes()}")


def case_limits(failures):
    project = failures.project()
    # By the soft limit of its own the stubborn one must have set its trap.
    soft, hard = 2 * FACTOR, 3 * FACTOR
    project.add_task("stubborn", f"#!/bin/bash\n# celery: soft_time_limit={soft} time_limit={hard}\ntrap '' TERM\n(trap '' TERM; setsid sleep 1000) &\nwhile :; do sleep 0.1; done\n")
    project.add_task("polite", "#!/bin/bash\n# celery: soft_time_limit=1 time_limit=600\ntrap 'exit 3' TERM\nwhile :; do sleep 0.1; done\n")
    worker, log = failures.worker(project, "-c", 2, binary="celery-example")
    for words, limit in [
            (["faults.tasks.stubborn"], hard), (["faults.tasks.polite"], 1),
            (["--time-limit", "2", "--soft-time-limit", "1", "example.wait", "600", "true"], 2),
            (["--soft-time-limit", "1", "example.wait", "600"], 1)]:
        began = time.monotonic()
        result = project.run("apply", *words, "--wait", "--timeout", 20 * FACTOR, binary="celery-example")
        seconds = time.monotonic() - began
        failures.expect(result.returncode == 1 and "TimeLimit" in result.stderr, f"{words}: {result.returncode} {result.stderr[:300]}")
        # The command has to start, and the machine may pause.
        most = limit + 2 * FACTOR + 3
        failures.expect(limit - 0.1 <= seconds <= most, f"{words}: ended after {seconds:.1f} s")
    time.sleep(0.3)
    left = [words for words in project.processes().values() if "sleep" in words or "stubborn" in words]
    failures.expect(not left, f"left over: {left}")
    failures.stop(worker)


def case_nothing_left_after_kill(failures):
    """kill -9 of a worker takes the programs of its tasks along, those in line as well."""
    project = failures.project()
    project.add_task("brief", "#!/bin/sh\nexec sleep 0.01\n")
    project.add_task("long", "#!/bin/sh\nsleep 1000 & setsid sleep 1001 & sleep 1002\n")
    for turn in range(3 if failures.options.quick else 10):
        lines = '{"task":"faults.tasks.brief"}\n' * 300 + '{"task":"faults.tasks.long"}\n' * (turn % 3)
        project.run("apply", "--batch", "-", input=lines)
        worker, _ = failures.worker(project, "-c", 3, "-l", "WARNING")
        time.sleep(0.3 + turn / 20)
        worker.kill()
        worker.wait()
        project.wait_for(lambda: not project.processes(), 5, "everything to go")
        left = project.processes()
        if not failures.expect(not left, f"turn {turn}: left over {left}"):
            return


def case_full_process_table(failures):
    """No process can be started for a while: tasks wait or fail with the reason, and the worker lives."""
    if os.geteuid() != 0:
        from checks import Skip
        raise Skip("needs root, to limit another user's processes")
    project = failures.project()
    os.chmod(project.base, 0o777)
    os.chmod(project.folder, 0o777)
    user = 60_000 + os.getpid() % 5_000
    command = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"]
    log = project.base / "w.log"
    with open(log, "wb") as file:
        worker = subprocess.Popen(
            [*command, *project.command("celeryd", "-c", "2")], cwd=project.folder, env=project.env, stdout=file, stderr=file)
    failures.cleanups.append(lambda: worker.poll() is None and worker.kill())
    failures.expect(project.wait_consuming(log), "the worker does not start")
    os.chmod(project.database, 0o666)
    limit = lambda number: subprocess.run([*command, "prlimit", "--pid", str(worker.pid), f"--nproc={number}:"], check=True)
    limit(1)
    for child in children(worker.pid):
        os.kill(child, signal.SIGKILL)
    time.sleep(2.5)
    failures.expect(worker.poll() is None, f"the worker gave up: {worker.returncode} {log.read_text()[-400:]}")
    limit(10_000)
    result = subprocess.run(
        [*command, *project.command("apply", "faults.tasks.echo", "well", "--wait", "--timeout", "15")],
        cwd=project.folder, env=project.env, capture_output=True, text=True)
    failures.expect(result.stdout == "well\n", f"it does not recover: {result} {log.read_text()[-500:]}")
    failures.stop(worker)
