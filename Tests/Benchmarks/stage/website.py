"""A project with a finished task, `celery web` in front of it, Flower beside it, and who asks them."""

import os
import re
import socket
import subprocess
import time

from bench import Bench
from failure import CannotMeasure
from free_port import free_port


class WebBench(Bench):
    """The surroundings of one run."""

    def __enter__(self):
        super().__enter__()
        self.python = os.environ["CELERY_PYTHON"]
        return self

    def beside(self):
        packages = self.run([self.python, "-c", "import celery, flower; print(f'Flower {flower.__version__} with Celery {celery.__version__}')"])
        header = open("/usr/include/microhttpd.h").read()
        number = int(re.search(r"MHD_VERSION 0x(\d+)", header)[1])
        return [f"libmicrohttpd {number // 10**6}.{number // 10**4 % 100}.{number // 100 % 100}", packages.strip()]

    def web(self, project, *words):
        """Starts `celery web` and returns it with its port, once it answers."""
        port = free_port()
        log = (project.folder / "web.log").open("ab")
        process = self.start([self.celery, "web", "--bind", f"127.0.0.1:{port}", *words], cwd=project.folder, stdout=log, stderr=log)
        self.until_answers(process, port, "/healthcheck")
        return process, port

    def flower(self, folder, results):
        port = free_port()
        log = (folder / "flower.log").open("ab")
        process = self.start(
            [self.python, "-m", "celery", "-b", "memory://", "--result-backend", results, "flower", "--address=127.0.0.1", f"--port={port}"],
            cwd=folder, stdout=log, stderr=log, env={**os.environ, "FLOWER_UNAUTHENTICATED_API": "true"})
        self.until_answers(process, port, "/healthcheck")
        return process, port

    def until_answers(self, process, port, path):
        for _ in range(6000):
            if process.poll() is not None:
                raise CannotMeasure(f"{process.args[0]} ended with {process.returncode}")
            try:
                if get(port, path).startswith(b"HTTP/1.1 200"):
                    return
            except OSError:
                time.sleep(0.005)
        raise CannotMeasure(f"{process.args[0]} does not answer")

    def requests(self, port, path, connections, seconds):
        """Requests a second by wrk; every answer must be a success."""
        text = self.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"])
        if "Non-2xx" in text or "Socket errors" in text:
            raise CannotMeasure(f"wrk on {path}: {text.strip()[-300:]}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def get(port, path):
    """The whole answer to a request."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)
