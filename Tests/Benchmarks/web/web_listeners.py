"""Memory that 1,000 listeners cost, each at the event stream of a task of its own that waits; and from the start of `celery web` to its
first answer."""

import socket
import time

from failure import CannotMeasure
from processes import pss, processor_seconds
from report import Row

LISTENERS = 1_000


def measure(bench):
    memory, processor, starts = [], [], []
    for _ in range(bench.pick(5, 3)):
        project = bench.project()
        project.add_script("wait.sh", "#!/bin/sh\n")
        project.submit(LISTENERS, {"task": "demo.tasks.wait"})
        identities = [line.split("\t")[0] for line in project.celery("list", "--limit", str(LISTENERS)).splitlines()]
        began = time.monotonic()
        site, port = bench.web(project)
        starts.append((time.monotonic() - began) * 1000)
        before = pss([site.pid])
        listeners = [listen(port, identity) for identity in identities]
        time.sleep(1)
        memory.append(pss([site.pid]) - before)
        used = processor_seconds([site.pid])
        time.sleep(10)
        processor.append((processor_seconds([site.pid]) - used) * 100)
        for listener in listeners:
            listener.close()
        bench.kill(site)
    return [
        Row(f"memory of {LISTENERS:,} listeners to waiting tasks (PSS)", "MB", memory, aim=("<", 20)),
        Row(f"processor time of {LISTENERS:,} listeners", "ms a second", processor),
        Row("celery web: from its start to its first answer", "ms", starts, aim=("<", 50)),
    ]


def listen(port, identity):
    """Asks for a stream, and returns when its first event is there."""
    connection = socket.create_connection(("127.0.0.1", port), 30)
    connection.sendall(
        f"GET /celery/{identity}/status/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
    text = b""
    while b"\ndata: " not in text:
        part = connection.recv(65536)
        if not part:
            raise CannotMeasure(f"a listener was turned away: {text[-300:]!r}")
        text += part
    return connection
