"""Counts the messages in queues of ActiveMQ: stomp_browse.py PORT QUEUE... prints a line for each.

A program of its own, because a server in a network namespace is reached only from there.
"""

import socket
import sys


def browse(port, queue):
    """How many messages a queue of ActiveMQ has, those that somebody holds among them."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        def frame(command, *headers):
            connection.sendall("\n".join([command, *headers, "", "\0"]).encode())

        frame("CONNECT", "accept-version:1.2", "host:/", "login:celery", "passcode:celery-secret")
        frame("SUBSCRIBE", "id:0", f"destination:/queue/{queue}", "ack:auto", "browser:true")
        count, buffer = 0, b""
        while True:
            # No body of this run has a NUL in it.
            *frames, buffer = buffer.split(b"\0")
            for each in frames:
                head = each.lstrip(b"\n").split(b"\n\n")[0].split(b"\n")
                if head[0] == b"ERROR":
                    raise RuntimeError(f"browsing {queue}: {each[:300]!r}")
                if head[0] == b"MESSAGE":
                    if b"browser:end" in head:
                        return count
                    count += 1
            piece = connection.recv(1 << 16)
            if not piece:
                raise RuntimeError(f"browsing {queue}: the connection ended")
            buffer += piece


if __name__ == "__main__":
    for name in sys.argv[2:]:
        print(browse(int(sys.argv[1]), name))
