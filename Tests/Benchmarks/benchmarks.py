"""Runs the benchmarks and prints their figures as one table.

The `run` scripts beside this file are the ways in. Each benchmark is a file with a function `measure(bench)`, in a folder named after
what it runs on; what it needs of the machine it gets from `Bench`.
"""

import argparse
import datetime
import importlib
import json
import os
import pathlib
import signal
import sys
import time

# Where the benchmarks play (projects, servers, processes, and the table of figures), and the benchmarks by what they
# run on; and ports, as the tests' servers have them.
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / folder) for folder in ("stage", "sqlite", "rabbitmq", "redis", "zmq", "stores", "web", "../Servers")]

from bench import Bench
from failure import CannotMeasure
from machine import Machine
from report import markdown

# In the order in which they run: what a busy disk would disturb comes first.
HOUSE = {
    "start": "from a command to its end: --version, and a task submitted",
    "latency": "from a task submitted to its program running, on an idle worker",
    "batch": "messages a second of apply --batch",
    "drain": "no-op Swift tasks a second",
    "programs": "program tasks a second",
    "dmap": "items a second and memory of dmap, beside GNU parallel and xargs",
    "output": "tasks a second, memory and file size of a worker that keeps output",
    "idle": "memory and processor time of an idle worker",
    "depth": "the same with a million messages waiting, or many far-off ones",
    "listing": "a page of a million ended tasks, by each filter",
}
RABBITMQ = {
    "amqp_start": "from a command to its end: a task submitted to RabbitMQ",
    "amqp_submit": "messages a second of apply --batch to RabbitMQ",
    "amqp_drain": "no-op tasks a second from RabbitMQ, without and with results",
    "amqp_latency": "from a task submitted to its result, inside one process",
    "amqp_memory": "memory of a worker on RabbitMQ",
}
REDIS = {
    "redis_submit": "messages a second of apply --batch to Redis",
    "redis_drain": "no-op tasks a second from Redis, without and with results",
    "redis_latency": "from a task submitted to its result, inside one process; memory of the workers",
    "redis_waits": "connections and channels of 100,000 waits for results",
}
ZMQ = {
    "zmq_submit": "messages a second of apply --batch to celery broker, beside RabbitMQ",
    "zmq_drain": "no-op tasks a second from celery broker with results, beside RabbitMQ",
    "zmq_latency": "from a task submitted to its result, inside one process, beside RabbitMQ",
}
STORES = {
    "stores": "results a second that are stored in PostgreSQL, MariaDB and Redis",
    "storelisting": "a page of a million ended tasks in PostgreSQL, by each filter",
}
WEB = {
    "web_status": "answers a second of the status URL, beside a bare server and Flower",
    "web_listeners": "memory of 1,000 listeners, and the first answer of celery web",
    "http_calls": "HTTP tasks a second, beside wrk",
}


def arguments(names, program):
    parser = argparse.ArgumentParser(
        prog=f"bash Tests/Benchmarks/{program}",
        description="Measures celery beside the least that the same work can cost on this machine, or beside others.",
        epilog="Exit status: 0 when everything asked for was measured, else 1.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="run only these: " + ", ".join(names))
    parser.add_argument("--quick", action="store_true", help="smaller and fewer runs: a look, not a figure to publish")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write every sample to FILE")
    parser.add_argument(
        "--folder", metavar="DIR", type=pathlib.Path, default=pathlib.Path("/var/tmp"),
        help="work in a new folder inside DIR, which should be on a disk (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="tell the names and what they measure")
    chosen = parser.parse_args()
    for name in chosen.names:
        if name not in names:
            parser.error(f"no benchmark is called {name}; there are {', '.join(names)}")
    return chosen


def stop_on_signals():
    """Lets TERM and HUP unwind as Ctrl-C does, so that nothing is left behind."""

    def stop(number, _):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)


def main(names=HOUSE, program="run", surroundings=Bench):
    chosen = arguments(names, program)
    if chosen.list:
        for name, summary in names.items():
            print(f"{name}\t{summary}")
        return 0
    stop_on_signals()
    rows, failed, began = [], [], time.monotonic()
    with surroundings(chosen.folder, chosen.quick) as bench:
        machine = Machine(bench.folder, bench.beside())
        print(machine.text(), flush=True)
        for name in [name for name in names if name in chosen.names or not chosen.names]:
            bench.say(f"{name}: {names[name]}")
            try:
                measured = importlib.import_module(name).measure(bench)
            except CannotMeasure as problem:
                failed.append(name)
                print(f"benchmarks: cannot measure {name}: {problem}", file=sys.stderr, flush=True)
                continue
            finally:
                bench.clear()
            for row in measured:
                row.benchmark = name
                bench.say("  " + row.text())
            rows += measured
    seconds = time.monotonic() - began
    print()
    print(markdown(rows, machine, chosen.quick))
    if chosen.json:
        document = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "sources": os.environ.get("CELERY_SOURCES", ""), "quick": chosen.quick, "seconds": round(seconds, 1),
            "machine": machine.json(), "failed": failed, "rows": [row.json() for row in rows],
        }
        chosen.json.write_text(json.dumps(document, indent=1) + "\n")
    bench.say(f"took {seconds:.0f} s")
    return 1 if failed else 0


def run(*what):
    """Ends the program with the status of `main`."""
    try:
        sys.exit(main(*what))
    except KeyboardInterrupt:
        print("benchmarks: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    run()
