"""Python's `celery` command, again and again, in a process that imports it once: that takes a second each time.

Each line of standard input is a JSON list of the words after `celery`, answered by a line of JSON: status, stdout, stderr.
"""

import json
import os
import sys
import tempfile

import app  # noqa: F401 -- which `-A app` asks for
import celery.bin.celery  # noqa: F401
from celery.__main__ import main

for line in sys.stdin:
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            sys.argv = ["celery", *json.loads(line)]
            sys.exit(main())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = [stream.seek(0) or stream.read() for stream in (output, errors)]
    print(json.dumps([status, *texts]), flush=True)
