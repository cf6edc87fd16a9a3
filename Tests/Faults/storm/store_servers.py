"""Servers of result stores in a storm, each with a look at all its results from outside: not by our program."""

import ctypes
import json
import os
import socket
import threading

from database_server import DatabaseServer
from memcached_server import Memcached
from redis_storm import BrokerRedis

KEYS = "celery-task-meta-"
# Keys asked for at once.
STEP = 200


class Unreadable(Exception):
    """The server does not answer now."""


class PostgreSQLStore(DatabaseServer):
    """Our own layout, which has the document as Celery has it."""

    forgets = False

    def __init__(self, folder, *options, within=()):
        self.is_suspended = False
        super().__init__("postgresql", folder, *options, within=within)

    def store_url(self, address):
        return f"postgresql://celery:celery-secret@{address}:{self.names['POSTGRESQL_PORT']}/celery"

    def results(self, ids=None):
        """Rows of id, state, attempt and document."""
        condition = f" WHERE id IN ({', '.join(map(quoted, ids))})" if ids is not None else ""
        lines = statement(self, f"SELECT json_build_array(id, state, attempt, document) FROM celery_result{condition}").splitlines()
        return [tuple(json.loads(line)) for line in lines]


class MariaDBStore(DatabaseServer):
    """Python's table, with a column of ours for the attempt."""

    forgets = False

    def __init__(self, folder, *options, within=()):
        self.is_suspended = False
        super().__init__("mariadb", folder, *options, within=within)

    def store_url(self, address):
        return f"db+mysql://celery:celery-secret@{address}:{self.names['MARIADB_PORT']}/celery"

    def results(self, ids=None):
        condition = f" WHERE task_id IN ({', '.join(map(quoted, ids))})" if ids is not None else ""
        text = statement(self, f"SELECT task_id, status, attempt, retries, HEX(result) FROM celery_taskmeta{condition}")
        found = []
        for identity, state, attempt, retries, value in (line.split("\t") for line in text.splitlines()):
            result = None if value in ("NULL", "") else json.loads(bytes.fromhex(value))
            found.append((identity, state, int(attempt), json.dumps({"result": result, "retries": int(retries)})))
        return found


class RedisStore(BrokerRedis):
    """Also a broker, where the run wants one."""

    forgets = False

    def store_url(self, address):
        return f"redis://celery:celery-secret@{address}:{self.port}/0"

    def results(self, ids=None):
        # Its socket is a file, which every namespace sees.
        with Asking(socket_at(self.names["REDIS_SOCKET"])) as asking:
            asking.redis("AUTH", "celery", "celery-secret")
            keys = [KEYS + identity for identity in ids] if ids is not None else asking.redis("KEYS", KEYS + "*")
            values = []
            for start in range(0, len(keys), STEP):
                values += asking.redis("MGET", *keys[start:start + STEP])
        return [document(key, value) for key, value in zip(keys, values) if value is not None]


class MemcachedStore(Memcached):
    """It forgets all when it is killed."""

    forgets = True

    def __init__(self, folder, *options, within=()):
        self.is_suspended = False
        super().__init__(folder, *options, within=within)

    def store_url(self, address):
        return f"cache+memcached://{address}:{self.port}/"

    def results(self, ids=()):
        """Of these tasks: a server of this kind tells no names."""
        keys = [KEYS + identity for identity in ids or ()]
        with Asking(connection_within(self.within, self.port)) as asking:
            found = []
            for start in range(0, len(keys), STEP):
                found += asking.memcached(keys[start:start + STEP])
        return [document(key, value) for key, value in found]


STORES = {"postgresql": PostgreSQLStore, "mariadb": MariaDBStore, "redis": RedisStore, "memcached": MemcachedStore}


def document(key, value):
    text = value if isinstance(value, str) else value.decode()
    found = json.loads(text)
    return key.removeprefix(KEYS), found["status"], found.get("attempt", 0), text


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def statement(server, text):
    """What the server's own client prints; it may wait while the server is suspended."""
    try:
        return server.sql(text)
    except RuntimeError as problem:
        raise Unreadable(str(problem)) from problem


def socket_at(path):
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(10)
    try:
        made.connect(path)
    except OSError as problem:
        made.close()
        raise Unreadable(str(problem)) from problem
    return made


def connection_within(within, port):
    """A connection to a port of the loopback interface in the network namespace of `ip netns exec NAME`.

    A socket stays in the namespace of the thread that made it; this thread ends then.
    """
    made = []

    def connect():
        if within:
            with open(f"/var/run/netns/{within[-1]}") as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), 0) != 0:
                    made.append(OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno())))
                    return
        try:
            made.append(socket.create_connection(("127.0.0.1", port), 10))
        except OSError as problem:
            made.append(problem)

    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise Unreadable(str(made[0])) from made[0]
    return made[0]


class Asking:
    """Questions on a connection, and their answers."""

    def __init__(self, connection):
        self.connection = connection
        self.file = connection.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace):
        self.file.close()
        self.connection.close()
        if isinstance(problem, OSError):
            raise Unreadable(str(problem)) from problem

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise Unreadable("the connection has ended")
        return line[:-2]

    def redis(self, *words):
        self.connection.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word) for word in (each if isinstance(each, bytes) else each.encode() for each in words)))
        return self.reply()

    def reply(self):
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise Unreadable(rest.decode())
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"$":
            if int(rest) < 0:
                return None
            return self.file.read(int(rest) + 2)[:-2].decode()
        return rest.decode()

    def memcached(self, keys):
        """Pairs of key and value."""
        self.connection.sendall(b"get " + " ".join(keys).encode() + b"\r\n")
        found = []
        while (line := self.line()) != b"END":
            words = line.split()
            if words[0] != b"VALUE":
                raise Unreadable(line.decode(errors="replace"))
            value = self.file.read(int(words[3]) + 2)[:-2]
            found.append((words[1].decode(), value))
        return found
