"""Where HTTP tasks are called: a server that misbehaves, in a network namespace of its own or on loopback."""

import json
import pathlib
import subprocess
import sys

from free_port import free_port
from network import Network, run

SCRIPT = pathlib.Path(__file__).with_name("http_server.py")


class Loopback:
    """No namespace: all that one user can have."""

    within = ()
    names = {}
    forbidden = ()

    def __init__(self, folder):
        self.port, self.closed = free_port(), free_port()
        self.address = "127.0.0.1"
        self.listen = [(self.address, self.port)]

    def close(self):
        pass


class Namespace:
    """A network without a wire to anywhere, and its own name server. Public addresses there are those of this machine."""

    # Some public addresses: of the server, and where nobody answers.
    PUBLIC, DEAD = "93.184.215.14", "93.184.215.15"
    # Of the server, for the settings alone.
    INNER = "10.0.0.80"
    LINK = "169.254.169.254"
    names = {
        "good.turn.test": [[PUBLIC]],
        "turns-inward.turn.test": [[PUBLIC], ["127.0.0.1"]],
        "turns-to-link.turn.test": [[PUBLIC], [LINK]],
        "turns-private.turn.test": [[PUBLIC], ["10.0.0.7"]],
        "also-link.turn.test": [[DEAD, LINK]],
        "only-link.turn.test": [[LINK]],
        "zero.turn.test": [["0.0.0.0"]],
        "six.turn.test": [["::1"]],
        "mapped.turn.test": [["::ffff:127.0.0.1"]],
        "unique.turn.test": [["fd00::7"]],
        "inner.turn.test": [[INNER]],
    }

    def __init__(self, folder):
        self.network = Network([])
        space = self.network.space(Network.BROKER)
        try:
            for address in (self.PUBLIC, self.DEAD, self.LINK, self.INNER, "10.0.0.7"):
                run("ip", "-n", space, "address", "add", f"{address}/32", "dev", "lo")
            run("ip", "-n", space, "address", "add", "fd00::7/128", "dev", "lo", "nodad")
        except BaseException:
            self.close()
            raise
        resolver = folder / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        # `ip netns exec` gives its command a mount namespace of its own.
        self.within = (*self.network.within(Network.BROKER), "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(resolver))
        self.address, self.port, self.closed = self.INNER, 8000, 8001
        self.listen = [(self.INNER, 8000), (self.INNER, 80), (self.PUBLIC, 80), (self.PUBLIC, 8080)]
        self.forbidden = [
            (address, port) for address in ("127.0.0.1", self.LINK, "10.0.0.7", "::1", "fd00::7") for port in (80, 8080)]

    def close(self):
        self.network.close()


class World:
    def __init__(self, project, network):
        self.project = project
        self.folder = project.base / "world"
        self.folder.mkdir()
        self.place = (Namespace if network else Loopback)(self.folder)
        self.process = None
        plan = {"listen": self.place.listen, "forbidden": list(self.place.forbidden), "names": self.place.names}
        (self.folder / "plan").write_text(json.dumps(plan))
        (self.folder / "log").touch()

    @property
    def base(self):
        return f"http://{self.place.address}:{self.place.port}"

    def start(self):
        """Starts the server, and returns when it answers."""
        with open(self.folder / "errors", "ab") as errors:
            self.process = subprocess.Popen(
                [*self.place.within, sys.executable, SCRIPT, self.folder], env=self.project.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"no server: {(self.folder / 'errors').read_text(errors='replace')[-800:]}")

    def start_celery(self, *words, **options):
        """Starts a celery command in this network."""
        return subprocess.Popen(
            [*self.place.within, *self.project.command(*words)], cwd=self.project.folder, env=self.project.env,
            stdin=subprocess.DEVNULL, **options)

    def lines(self):
        """What has happened so far."""
        text = (self.folder / "log").read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def requests(self, path):
        """The requests to a path and what is below it, oldest first."""
        return [line for line in self.lines() if line.get("path", "").split("/")[0] == path or line.get("path") == path]

    def release(self, name):
        """Lets go those that /hold/NAME holds."""
        (self.folder / name).touch()

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.place.close()
