"""Files and disks that are full, foreign, unreadable or gone."""

import hashlib
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time

from checks import Skip


def as_nobody(project, *words):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root and setpriv, to become another user")
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *project.command(*words)]
    os.chmod(project.base, 0o755)
    return subprocess.run(command, cwd=project.folder, env=project.env, capture_output=True, text=True, timeout=60)


def fill(folder, spare=0):
    """Fills a disk but for so many bytes."""
    path = folder / "filler"
    with open(path, "ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    if spare:
        os.truncate(path, max(0, path.stat().st_size - spare))
    return path


def case_unreadable_files(failures):
    project = failures.project()
    settings = project.folder / "celery.toml"
    settings.chmod(0o600)
    failures.refusal(as_nobody(project, "apply", "faults.tasks.echo"), 77, "celery.toml")
    settings.chmod(0o644)
    failures.refusal(as_nobody(project, "apply", "faults.tasks.echo"), 73, "celery.db")
    failures.done(project.run("syncdb"))
    project.database.chmod(0o600)
    failures.refusal(as_nobody(project, "apply", "faults.tasks.echo"), 77, "celery.db")
    project.database.chmod(0o644)
    failures.refusal(as_nobody(project, "apply", "faults.tasks.echo"), 77, "celery.db")
    failures.refusal(as_nobody(project, "celeryd"), 77, "celery.db")


def case_broken_settings(failures):
    project = failures.project()
    settings = project.folder / "celery.toml"
    for text, word in [("AMQP_PORT = \"x\"\n", "AMQP_PORT"), ("CELERYD_CONCURENCY = 3\n", "CELERYD_CONCURRENCY"), ("= 3\n", "celery.toml"), ("\xff\n", "celery.toml")]:
        settings.write_text(text, encoding="latin-1")
        failures.refusal(project.run("apply", "faults.tasks.echo"), 78, word)
    settings.unlink()
    settings.mkdir()
    result = project.run("apply", "faults.tasks.echo")
    failures.expect(result.returncode == 78, f"a folder as settings file: {result}")


def case_foreign_files_stay_as_they_are(failures):
    project = failures.project()
    other = sqlite3.connect(project.database)
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    contents = [project.database.read_bytes(), b"", b"x", b"SQLite format 3\0", os.urandom(5000), b"SQLite format 3\0" + bytes(84)]
    for content in contents:
        project.database.write_bytes(content)
        names = sorted(os.listdir(project.folder))
        for words in (["apply", "faults.tasks.echo"], ["celeryd", "--burst"], ["queues"], ["syncdb"], ["status", "x"]):
            failures.refusal(project.run(*words), 65, "celery.db")
        failures.expect(project.database.read_bytes() == content, f"{content[:20]!r} was changed")
        failures.expect(sorted(os.listdir(project.folder)) == names, "files were left beside it")


def case_newer_version(failures):
    project = failures.project()
    failures.done(project.run("syncdb"))
    database = sqlite3.connect(project.database)
    database.execute("PRAGMA user_version = 99")
    database.close()
    before = hashlib.sha256(project.database.read_bytes()).digest()
    for words in (["apply", "faults.tasks.echo"], ["celeryd", "--burst"], ["syncdb"]):
        failures.refusal(project.run(*words), 65, "newer", "99", hint=True)
    failures.expect(hashlib.sha256(project.database.read_bytes()).digest() == before, "it was changed")


def case_damaged_database(failures):
    project = failures.project()
    failures.done(project.run("apply", "--batch", "-", input='{"task":"faults.tasks.echo"}\n' * 2000))
    content = bytearray(project.database.read_bytes())
    content[8192:40960] = os.urandom(32768)
    project.database.write_bytes(content)
    for words in (["apply", "faults.tasks.echo"], ["queues"]):
        result = project.run(*words)
        failures.expect(result.returncode in (0, 65) and "Fatal" not in result.stderr, f"{words}: {result}")


def case_read_only_folder(failures):
    folder = failures.small_disk(4)
    project = failures.project(parent=None)
    database = folder / "celery.db"
    failures.done(project.run("-b", f"sqlite://{database}", "syncdb"))
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    result = project.run("-b", f"sqlite://{database}", "--result-backend", f"sqlite://{database}", "apply", "faults.tasks.echo")
    failures.refusal(result, 77, "celery.db")
    result = project.run("-b", f"sqlite://{folder}/new.db", "apply", "faults.tasks.echo")
    failures.refusal(result, 73, "new.db")


def case_no_such_folder(failures):
    project = failures.project()
    failures.refusal(project.run("-b", "sqlite:///no/such/folder/x.db", "apply", "faults.tasks.echo"), 73, "/no/such/folder")
    failures.refusal(project.run("-b", "sqlite:///dev/null/x.db", "apply", "faults.tasks.echo"), 69, "/dev/null")
    failures.refusal(project.run("-b", f"sqlite://{project.folder}", "apply", "faults.tasks.echo"), 65, "not a file")
    failures.refusal(project.run("--workdir", "/no/such", "apply", "faults.tasks.echo"), 64, "/no/such")
    failures.refusal(project.run("-b", "sqlight:///x", "apply", "faults.tasks.echo"), 78, "sqlight")


def case_full_disk(failures):
    """Everything whose id was printed is kept; the rest is refused with 75; a worker goes on by itself."""
    folder = failures.small_disk(32)
    project = failures.project()
    url = f"sqlite://{folder}/celery.db"
    project.env |= {"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url}
    failures.done(project.run("syncdb"))
    # A worker that is stopped while the disk fills, and goes on when it is full.
    worker, log = failures.worker(project, "-c", 2, "-l", "WARNING")
    worker.send_signal(signal.SIGSTOP)
    # As much as the WAL has, which is copied into the database before it can begin anew, and what results take: each keeps the
    # message, the value and the output.
    reserve = folder / "reserve"
    reserve.write_bytes(bytes(24 << 20))
    printed, refused = set(), None
    for _ in range(200):
        batch = '{"task":"faults.tasks.echo","args":["%s"]}\n' % ("x" * 20_000) * 20
        result = project.run("apply", "--batch", "-", input=batch)
        printed |= set(result.stdout.split())
        if result.returncode != 0:
            refused = result
            break
    if not failures.expect(refused, "the disk does not get full"):
        return
    failures.refusal(subprocess.CompletedProcess(refused.args, refused.returncode, "", refused.stderr), 75, "no space", hint=True)
    failures.note(f"{len(printed)} accepted before the disk was full")
    database = sqlite3.connect(f"file:{folder}/celery.db?mode=ro", uri=True)
    kept = {row[0] for row in database.execute("SELECT id FROM message")}
    failures.expect(printed <= kept, f"LOST: {len(printed - kept)} printed ids are not kept")
    failures.expect(kept <= printed, f"{len(kept - printed)} refused messages were kept")

    filler = fill(folder)
    worker.send_signal(signal.SIGCONT)
    time.sleep(3)
    failures.expect(worker.poll() is None, "the worker gave up on a full disk")
    filler.unlink()
    reserve.unlink()
    done = lambda: database.execute("SELECT count(*) FROM message").fetchone()[0] == 0
    failures.expect(project.wait_for(done, 60, "the worker to go on"), "it does not go on when there is space")

    # Full again while tasks run: they have run, and their results must not be lost.
    project.add_task("slow", '#!/bin/sh\necho "$CELERY_ATTEMPT" >> "$COUNT"\nsleep 1\necho done\n')
    worker.terminate()
    worker.wait(20)
    project.env["COUNT"] = str(project.base / "count")
    worker, log = failures.worker(project, "-c", 4, "-l", "WARNING")
    ids = project.run("apply", "--batch", "-", input='{"task":"faults.tasks.slow"}\n' * 4).stdout.split()
    count = pathlib.Path(project.env["COUNT"])
    project.wait_for(lambda: count.exists() and len(count.read_text().split()) == 4, 10, "tasks to begin")
    filler = fill(folder)
    time.sleep(4)
    filler.unlink()
    marks = ",".join("?" * len(ids))
    finished = lambda: database.execute(
        f"SELECT count(*) FROM result WHERE state = 'SUCCESS' AND id IN ({marks})", ids).fetchone()[0] == 4
    failures.expect(project.wait_for(finished, 30, "results"), f"results were lost: {log.read_text()[-500:]}")
    failures.expect(len(count.read_text().split()) == 4, f"tasks ran again: {count.read_text().split()}")
    failures.stop(worker)
    failures.expect(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "damaged")


def case_child_lost_on_a_full_disk(failures):
    """A task whose child is killed while nothing can be written must come back all the same."""
    folder = failures.small_disk(6)
    project = failures.project()
    url = f"sqlite://{folder}/celery.db"
    project.env |= {"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url, "COUNT": str(project.base / "count")}
    project.add_task("once", '#!/bin/sh\necho x >> "$COUNT"\n[ "$CELERY_ATTEMPT" = 1 ] && sleep 60\necho done\n')
    worker, log = failures.worker(project, "-c", 1)
    identity = project.run("apply", "faults.tasks.once").stdout.strip()
    count = pathlib.Path(project.env["COUNT"])
    project.wait_for(count.exists, 10, "the task to begin")
    filler = fill(folder)
    from harness import children
    for child in children(worker.pid):
        os.kill(child, 9)
    time.sleep(3)
    filler.unlink()
    result = project.run("result", identity, "--wait", "--timeout", "20")
    failures.expect(result.stdout == "done\n", f"it does not come back: {result} {log.read_text()[-700:]}")
    failures.stop(worker)


def case_pidfiles(failures):
    project = failures.project()
    worker, _ = failures.worker(project, "-p", "w.pid")
    failures.refusal(project.run("celeryd", "-p", "w.pid"), 73, str(worker.pid))
    failures.refusal(project.run("celeryd", "--detach", "-p", "w.pid"), 73, str(worker.pid))
    failures.done(project.run("celeryd", "--is-running", "-p", "w.pid"), f"{worker.pid}\n")
    worker.kill()
    worker.wait()
    failures.expect(project.run("celeryd", "--is-running", "-p", "w.pid").returncode == 1, "a dead worker runs")
    result = project.run("celeryd", "--burst", "-p", "w.pid")
    failures.expect(result.returncode == 0 and "stale" in result.stderr, f"stale pidfile: {result.stderr[:300]}")
    # Two at the same time: one works, one is refused.
    both = [project.start("celeryd", "-p", "two.pid", stderr=subprocess.PIPE, text=True) for _ in range(2)]
    project.wait_for(lambda: any(process.poll() is not None for process in both), 10, "one to be refused")
    refused = [process for process in both if process.poll() is not None]
    failures.expect([process.returncode for process in refused] == [73], f"{[p.returncode for p in both]}")
    for process in both:
        if process.poll() is None:
            process.terminate()
            process.communicate()
    failures.refusal(project.run("celeryd", "--burst", "-p", "/no/such/w.pid"), 73, "/no/such/w.pid")
    failures.expect(project.run("celeryd", "--stop", "-p", "none.pid").returncode == 1, "--stop without a worker")


def case_odd_paths(failures):
    project = failures.project(folder_name="mein Projekt größe 'x' \"y\" %41 #1?")
    folder = project.tasks / "with space"
    folder.mkdir()
    task = folder / "größe.sh"
    task.write_text("#!/bin/sh\npwd\n")
    task.chmod(0o755)
    names = project.run("tasks").stdout
    failures.note(names.replace("\n", " ").strip())
    worker, _ = failures.worker(project)
    result = project.run("apply", "faults.tasks.echo", "a b", "--wait", "--timeout", "10")
    failures.done(result, "a b\n")
    failures.stop(worker)
    failures.expect(project.database.exists(), "the database is elsewhere")
    result = project.run("celeryd", "--detach", "-f", "ein log.txt", "-p", "eine pid.pid")
    failures.done(result)
    failures.done(project.run("celeryd", "--stop", "-p", "eine pid.pid"))


def case_database_deleted_under_a_worker(failures):
    project = failures.project()
    worker, log = failures.worker(project, "-c", 1)
    for suffix in ("", "-wal", "-shm"):
        pathlib.Path(f"{project.database}{suffix}").unlink(missing_ok=True)
    result = project.run("apply", "faults.tasks.echo", "x", "--wait", "--timeout", "8")
    said = log.read_text().split("Celery has started.")[1].strip()
    failures.note(f"apply ended with {result.returncode}, the worker said {said[-200:]!r}")
    failures.expect(result.returncode == 0 or worker.poll() is not None or "delete" in said or "gone" in said or "replaced" in said,
                    "the worker serves a file that is gone, and says nothing")
    worker.terminate()
    worker.wait(15)
