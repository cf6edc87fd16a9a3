"""Answers a second of the status URL of a finished task, by wrk over 32 connections, with results in Python's tables in SQLite.

Against a bare program on the same library and as many threads that answers the same bytes, and against Flower's API for the same id. Flower
is asked for a shorter time: it answers a few hundred times a second.
"""

import os

from report import Row
from free_port import free_port
from website import get


def measure(bench):
    project = bench.project()
    results = f"db+sqlite:///{project.folder}/results.db"
    project.configure(CELERY_RESULT_BACKEND=results)
    project.add_script("add.sh", "#!/bin/sh\necho $(($1 + $2))\n")
    project.celery("syncdb")
    identity = project.celery("apply", "demo.tasks.add", "2", "3").strip()
    project.celery("celeryd", "--burst", "-q", "-l", "error")
    seconds = bench.pick(5, 2)
    path = f"/celery/{identity}/status/"
    site, port = bench.web(project)
    bare, bare_port = bare_program(bench, project, get(port, path))
    flower, flower_port = bench.flower(project.folder, results)
    ours, bares, flowers = [], [], []
    for _ in range(bench.pick(5, 3)):
        ours.append(bench.requests(port, path, 32, seconds))
        bares.append(bench.requests(bare_port, path, 32, seconds))
        flowers.append(bench.requests(flower_port, f"/api/task/result/{identity}", 4, seconds))
    for process in (site, bare, flower):
        bench.kill(process)
    what = "status URL of a finished task"
    return [
        Row(what, "answers/s", ours, "bare libmicrohttpd, the same bytes", bares, aim=(">=", 0.7), aims_at_ratio=True),
        Row(what, "answers/s", ours, "Flower's API for the same id", flowers, aim=(">=", 20), aims_at_ratio=True),
    ]


def bare_program(bench, project, answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    # What the library adds by itself.
    own = (b"date:", b"content-length:", b"connection:")
    lines = [line for line in head.split(b"\r\n")[1:] if not line.lower().startswith(own)]
    (project.folder / "headers").write_bytes(b"\r\n".join(lines))
    (project.folder / "body").write_bytes(body)
    port = free_port()
    threads = min(4, os.cpu_count())
    process = bench.start([bench.peer("answer", library="microhttpd"), port, threads, project.folder / "headers", project.folder / "body"])
    bench.until_answers(process, port, "/")
    return process, port
