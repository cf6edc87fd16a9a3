"""What befalls a storm, and when: made from the seed before it begins."""

import dataclasses

from network import Network


@dataclasses.dataclass
class Fault:
    """`kind` is broker-kill, suspend, cut, worker or child; `seconds` is how long it lasts, or the pause before it."""

    kind: str
    seconds: float
    hosts: tuple = ()
    way: str = ""

    def __str__(self):
        words = [self.kind, *self.hosts, self.way, f"{self.seconds:.2f} s"]
        return " ".join(word for word in words if word)


def schedule(rng, hosts, heartbeat, quick, network):
    """The faults of a run, in order. `hosts` are the workers and, last, the submitters' host."""
    workers = hosts[:-1]
    faults = [Fault("broker-kill", rng.uniform(0.2, 3)) for _ in range(1 if quick else 3)]
    # Longer than two heartbeats: everybody must have given it up.
    faults += [Fault("suspend", heartbeat * rng.uniform(2.5, 3.5)) for _ in range(1 if quick else 2)]
    if network:
        faults += [cut(rng, hosts, heartbeat, number) for number in range(4 if quick else 16)]
    faults += [Fault("worker", rng.uniform(0.1, 1), (rng.choice(workers),)) for _ in range(3 if quick else 20)]
    faults += [Fault("child", rng.uniform(0.1, 1), (rng.choice(workers),)) for _ in range(6 if quick else 40)]
    rng.shuffle(faults)
    return faults


def cut(rng, hosts, heartbeat, number):
    """Some are over before anyone may notice, most are not; now and then two hosts at once."""
    seconds = rng.uniform(0.2, heartbeat) if number % 3 == 2 else heartbeat * rng.uniform(2, 4)
    chosen = rng.sample(hosts, 2 if rng.random() < 0.25 else 1)
    # Each way has its turn, whatever the dice say.
    return Fault("cut", seconds, tuple(sorted(chosen)), Network.WAYS[number % len(Network.WAYS)])
