#!/usr/bin/env python3
"""Sends tasks as Python Celery does, and checks what comes back.

    client.py [--peer python|ours|both] [--with THING]... [CASE]...
    client.py --list

Prints a line of JSON for each case: `case`, `ok`, `detail`, `seconds`; `ok` is null for one
that was left out, because what it needs is not there. Status 1 when one is not ok. The
environment is told of in app.py; INTEROP_MARKS is a folder that the tasks write into.
"""

import argparse
import importlib
import json
import os
import sys
import time
import traceback

import celery

from interop_case import CASES, Interop, Wrong

MODULES = [
    "cases_calls", "cases_failures", "cases_canvas", "cases_chords", "cases_control", "cases_shell", "cases_shell_control", "cases_sets",
    "cases_beat", "cases_redis", "cases_redis_broker", "cases_memcached", "cases_file"]


def main():
    for module in MODULES:
        importlib.import_module(module)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", metavar="CASE", nargs="*", help="only these")
    parser.add_argument("--peer", choices=["python", "ours", "both"], default="ours", help="who runs the tasks")
    parser.add_argument("--with", dest="things", action="append", default=[], metavar="THING",
                        help="what there is: " + ", ".join(sorted({name for _, needs in CASES.values() for name in needs})))
    parser.add_argument("--list", action="store_true", help="tell the names of all cases and what they need")
    options = parser.parse_args()
    if options.list:
        for name, (_, needs) in CASES.items():
            print(name, *sorted(needs), sep="\t")
        return 0
    for name in options.cases:
        if name not in CASES:
            parser.error(f"no case is called {name}")
    backend = os.environ.get("INTEROP_BACKEND", "rpc://")
    # `cache+memcached` is known by its second word, `db+sqlite` by its first.
    things = {*options.things, "db" if backend.startswith("db+") else backend.split(":")[0].split("+")[-1]}
    # What any client can look up, in contrast to answers for the sender alone.
    if things & {"db", "redis", "memcached", "file"}:
        things.add("store")
    # One that tells which groups it has.
    if things & {"db", "redis", "file"}:
        things.add("lists")
    # One for whose chords the client sends `celery.chord_unlock`.
    if things & {"db", "file"}:
        things.add("unlocks")
    # What older ones do otherwise, also with Python on both sides.
    if tuple(int(part) for part in celery.__version__.split(".")[:2]) >= (5, 7):
        things.add("5.7")
    # An older worker of Python's leaves the chord of a broken chain pending.
    if "5.7" in things or options.peer == "ours" and "alone" in things:
        things.add("breaks")
    run = Interop(options.peer)
    return max([judge(run, name, things) for name in CASES if name in options.cases or not options.cases], default=0)


def judge(run, name, things):
    """Runs one case and prints what it came to; 1 when it failed."""
    function, needs = CASES[name]
    began = time.monotonic()
    if needs - things:
        tell(name, None, "needs " + ", ".join(sorted(needs - things)), began)
        return 0
    try:
        tell(name, True, function(run), began)
        return 0
    except Wrong as wrong:
        tell(name, False, str(wrong), began)
    except Exception as error:
        tell(name, False, "".join(traceback.format_exception(error))[-1500:], began)
    return 1


def tell(name, ok, detail, began):
    print(json.dumps(
        {"case": name, "ok": ok, "detail": detail, "seconds": round(time.monotonic() - began, 2)}, default=str), flush=True)


if __name__ == "__main__":
    sys.exit(main())
