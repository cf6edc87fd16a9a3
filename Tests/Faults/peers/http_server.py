#!/usr/bin/env python3
"""A server that misbehaves, each path in its own way, and a name server whose answers change.

    http_server.py FOLDER

FOLDER/plan is JSON: `listen` is a list of [address, port], `forbidden` one of those at which nobody may come, and `names` maps
the names of the name server, at port 53 of 127.0.0.1, to the lists of addresses that one lookup after the other gets;
the last list is for all further ones. Without names there is no name server. FOLDER/log gets a line of JSON
for each request, each lookup and whoever comes to a forbidden place. Prints `ready` at last.
"""

import asyncio
import collections
import ipaddress
import json
import pathlib
import resource
import socket
import struct
import sys
import time


class Log:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    def __call__(self, **members):
        self.file.write(json.dumps({"time": time.time(), **members}) + "\n")


class Request:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        self.body = body

    @property
    def words(self):
        return self.target.partition("?")[0].strip("/").split("/")

    @property
    def key(self):
        return self.headers.get("idempotency-key", "")


def answer(status, body=b"", *headers):
    """The bytes of an honest answer."""
    lines = [f"HTTP/1.1 {status} So", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


JSON_TYPE = "Content-Type: application/json"
VALUE = b'{"status": "success", "retval": "right"}'


class BadServer:
    """Each method that is named after a path answers one request, and returns whether the connection stays."""

    def __init__(self, folder, log):
        self.folder, self.log = folder, log
        # How often a task has come to a path.
        self.visits = collections.Counter()
        self.gates = {}
        self.meeting = 0

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
                request = Request(head, await reader.readexactly(length))
                self.visits[request.words[0], request.key] += 1
                self.log(
                    at=writer.get_extra_info("sockname")[0], path="/".join(request.words), method=request.method, key=request.key,
                    attempt=request.headers.get("celery-attempt"))
                way = getattr(self, request.words[0].replace("-", "_"))
                stays = await way(request, writer)
                await writer.drain()
                if not stays:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def visit(self, request):
        """The number of this visit, from 1."""
        return self.visits[request.words[0], request.key]

    async def ok(self, request, writer):
        writer.write(answer(200, VALUE, JSON_TYPE))
        return True

    async def ok_close(self, request, writer):
        writer.write(answer(200, VALUE, JSON_TYPE, "Connection: close"))
        return False

    # Slow

    async def slow_first(self, request, writer):
        await asyncio.sleep(1)
        return await self.ok(request, writer)

    async def never(self, request, writer):
        await asyncio.sleep(3600)

    async def slow_body(self, request, writer):
        writer.write(answer(200, VALUE, JSON_TYPE)[: -len(VALUE)])
        for byte in VALUE:
            writer.write(bytes([byte]))
            await asyncio.sleep(1 / len(VALUE))
        return True

    async def endless_body(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nContent-Length: 100000\r\n\r\n".encode())
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.1)

    async def endless_waiting(self, request, writer):
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)

    # Cut off

    async def cut(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nContent-Length: 1000\r\n\r\n".encode() + VALUE)

    async def cut_chunks(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n".encode() + VALUE + b"\r\n")

    async def cut_head(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nX-Half".encode())

    async def cut_reset(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nContent-Length: 1000\r\n\r\n".encode())
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def silent(self, request, writer):
        pass

    async def once_cut(self, request, writer):
        return await (self.cut if self.visit(request) == 1 else self.ok)(request, writer)

    # Wrong

    async def huge(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nConnection: close\r\n\r\n".encode())
        while True:
            writer.write(b"7" * 65536)
            await writer.drain()

    async def huge_length(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nContent-Length: 1000000000000\r\n\r\n".encode())
        while True:
            writer.write(b"7" * 65536)
            await writer.drain()

    async def huge_head(self, request, writer):
        writer.write(b"HTTP/1.1 200 So\r\n")
        while True:
            writer.write(b"X-More: " + b"7" * 1000 + b"\r\n")
            await writer.drain()

    async def wrong_json(self, request, writer):
        writer.write(answer(200, b'{"status": "success", ', JSON_TYPE))
        return True

    async def wrong_length(self, request, writer):
        """More than it says: the rest must not pass for the answer to another request."""
        body = b'{"right": 1}'
        writer.write(answer(200, body, JSON_TYPE) + answer(200, b'"poison"', JSON_TYPE))
        return True

    async def short_length(self, request, writer):
        writer.write(answer(200, b"right", JSON_TYPE).replace(b"Content-Length: 5", b"Content-Length: 3"))
        return True

    async def bad_length(self, request, writer):
        writer.write(f"HTTP/1.1 200 So\r\n{JSON_TYPE}\r\nContent-Length: -5\r\n\r\n".encode() + VALUE)

    async def no_http(self, request, writer):
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    async def failure(self, request, writer):
        writer.write(answer(200, b'{"status": "failure", "reason": "out of paper"}', JSON_TYPE))
        return True

    # Statuses

    async def redirect(self, request, writer):
        writer.write(answer(302, b"", "Location: http://169.254.169.254/latest/meta-data/"))
        return True

    async def busy_503(self, request, writer):
        if self.visit(request) > 1:
            return await self.ok(request, writer)
        writer.write(answer(503, b"busy", "Retry-After: 1"))
        return True

    async def busy_429(self, request, writer):
        if self.visit(request) > 2:
            return await self.ok(request, writer)
        writer.write(answer(429, b"busy", "Retry-After: 1"))
        return True

    async def always_503(self, request, writer):
        writer.write(answer(503, b"busy", "Retry-After: 0"))
        return True

    async def missing(self, request, writer):
        writer.write(answer(404, b"no such thing"))
        return True

    async def trouble(self, request, writer):
        writer.write(answer(500, b"a bug"))
        return True

    async def once_trouble(self, request, writer):
        return await (self.trouble if self.visit(request) == 1 else self.ok)(request, writer)

    # Accepted

    async def accepted(self, request, writer):
        writer.write(answer(202, b"", "Location: /poll/" + request.key, "Retry-After: 0"))
        return True

    async def poll(self, request, writer):
        """Not yet, then in trouble twice, then there."""
        match self.visit(request):
            case 1:
                writer.write(answer(202, b"", "Location: " + request.target, "Retry-After: 0"))
            case 2 | 3:
                writer.write(answer(503, b"", "Retry-After: 0"))
            case _:
                writer.write(answer(200, VALUE, JSON_TYPE))
        return True

    async def accepted_elsewhere(self, request, writer):
        writer.write(answer(202, b"", "Location: http://169.254.169.254/latest", "Retry-After: 0"))
        return True

    # Together

    async def meet(self, request, writer):
        """Answers when so many are here at once."""
        wanted = int(request.words[1])
        gate = self.gates.setdefault(request.target, asyncio.Event())
        self.meeting += 1
        if self.meeting >= wanted:
            gate.set()
        try:
            await gate.wait()
        finally:
            self.meeting -= 1
        return await self.ok(request, writer)

    async def hold(self, request, writer):
        """Answers when there is a file of that name."""
        gate = self.gates.setdefault(request.target, asyncio.Event())
        await gate.wait()
        return await self.ok(request, writer)

    async def watch(self):
        """Looks for the files of `hold`."""
        while True:
            for target, gate in self.gates.items():
                if target.startswith("/hold/") and (self.folder / target[6:]).exists():
                    gate.set()
            await asyncio.sleep(0.05)


class NameServer(asyncio.DatagramProtocol):
    """RFC 1035, as much as a resolver asks."""

    def __init__(self, names, log):
        self.names, self.log = names, log
        self.lookups = collections.Counter()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        labels, place = [], 12
        while data[place]:
            labels.append(data[place + 1:place + 1 + data[place]].decode().lower())
            place += 1 + data[place]
        question = data[12:place + 5]
        kind = struct.unpack(">H", data[place + 1:place + 3])[0]
        name = ".".join(labels)
        found = self.names.get(name)
        records = []
        if found and kind in (1, 28):
            addresses = [ipaddress.ip_address(text) for text in found[min(self.lookups[name, kind], len(found) - 1)]]
            self.lookups[name, kind] += 1
            records = [address.packed for address in addresses if (address.version == 4) == (kind == 1)]
            self.log(lookup=name, kind="A" if kind == 1 else "AAAA")
        head = data[:2] + struct.pack(">HHHHH", 0x8580 | (0 if found else 3), 1, len(records), 0, 0)
        answers = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(record)) + record for record in records)
        self.transport.sendto(head + question + answers, peer)


async def main(folder):
    folder = pathlib.Path(folder)
    plan = json.loads((folder / "plan").read_text())
    log = Log(folder / "log")
    server = BadServer(folder, log)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    async def meet_stranger(reader, writer):
        log(forbidden=str(writer.get_extra_info("sockname")))
        writer.write(answer(200, b'{"status": "success", "retval": "stolen"}', JSON_TYPE))
        writer.close()

    for address, port in plan["listen"]:
        await asyncio.start_server(server.serve, address, port, backlog=2048)
    for address, port in plan["forbidden"]:
        await asyncio.start_server(meet_stranger, address, port)
    if plan["names"]:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: NameServer(plan["names"], log), local_addr=("127.0.0.1", 53))
    print("ready", flush=True)
    await server.watch()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
