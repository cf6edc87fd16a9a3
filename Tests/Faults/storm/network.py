"""Hosts of a network that can be cut: namespaces, each on a wire of its own to the broker's.

Needs root, `ip` and `iptables`. Nothing outside these namespaces is changed.
"""

import os
import shutil
import subprocess


class CannotCut(Exception):
    """There can be no such network here; says why."""


class Network:
    """One namespace for the broker, and one for each host."""

    BROKER = "broker"

    def __init__(self, hosts):
        if os.geteuid() != 0:
            raise CannotCut("only root makes network namespaces")
        for program in ("ip", "iptables"):
            if not shutil.which(program):
                raise CannotCut(f"{program} is not installed (apt-get install iproute2 iptables)")
        # Names of interfaces have at most 15 characters.
        self.prefix = f"cf{os.getpid():x}"
        self.hosts = {host: number for number, host in enumerate(hosts, 1)}
        self.how = {}
        try:
            for host in [self.BROKER, *hosts]:
                run("ip", "netns", "add", self.space(host))
                run("ip", "-n", self.space(host), "link", "set", "lo", "up")
            for host, number in self.hosts.items():
                self._wire(host, number)
        except BaseException:
            self.close()
            raise

    def _wire(self, host, number):
        ends = [(self.BROKER, f"{self.prefix}b{number}", 1), (host, f"{self.prefix}h{number}", 2)]
        run("ip", "link", "add", ends[0][1], "netns", self.space(self.BROKER), "type", "veth",
            "peer", "name", ends[1][1], "netns", self.space(host))
        for place, name, last in ends:
            run("ip", "-n", self.space(place), "address", "add", f"10.213.{number}.{last}/24", "dev", name)
            run("ip", "-n", self.space(place), "link", "set", name, "up")

    def space(self, host):
        return f"{self.prefix}-{host}"

    def within(self, host):
        """What to put before a command, to run it on that host."""
        return ["ip", "netns", "exec", self.space(host)]

    def address(self, host):
        """The broker's address as the host knows it."""
        return f"10.213.{self.hosts[host]}.1"

    WAYS = ("drop", "drop to the broker", "drop from the broker", "link down")

    def cut(self, host, way):
        """Cuts the wire without telling anyone: packets vanish, in one or both directions."""
        number = self.hosts[host]
        self.how[host] = way
        if way == "link down":
            run("ip", "-n", self.space(self.BROKER), "link", "set", f"{self.prefix}b{number}", "down")
        if way in ("drop", "drop to the broker"):
            self._rule("-I", self.BROKER, f"{self.prefix}b{number}")
        if way in ("drop", "drop from the broker"):
            self._rule("-I", host, f"{self.prefix}h{number}")

    def heal(self, host):
        """Makes the wire whole again."""
        way, number = self.how.pop(host), self.hosts[host]
        if way == "link down":
            run("ip", "-n", self.space(self.BROKER), "link", "set", f"{self.prefix}b{number}", "up")
        if way in ("drop", "drop to the broker"):
            self._rule("-D", self.BROKER, f"{self.prefix}b{number}")
        if way in ("drop", "drop from the broker"):
            self._rule("-D", host, f"{self.prefix}h{number}")

    def _rule(self, verb, host, interface):
        run(*self.within(host), "iptables", "-w", verb, "INPUT", "-i", interface, "-j", "DROP")

    def close(self):
        """Removes the namespaces, and the wires with them; processes inside must have ended."""
        for host in [self.BROKER, *self.hosts]:
            subprocess.run(["ip", "netns", "delete", self.space(host)], capture_output=True, timeout=30)


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise CannotCut(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")
