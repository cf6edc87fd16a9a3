"""A port for a server of a test; as a program, prints it.

Below the ports that the kernel hands out by itself: one of those may belong to a connection of somebody else when
the server comes back after a kill. And above those that the other scripts take, as several servers start at the same time.
"""

import random
import socket


given = set()


def free_port():
    """A port on loopback that nobody has, and that this program was not given before."""
    while True:
        port = random.SystemRandom().randrange(24_000, 30_000)
        if port in given:
            continue
        given.add(port)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


if __name__ == "__main__":
    print(free_port())
