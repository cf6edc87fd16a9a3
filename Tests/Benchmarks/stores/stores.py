"""Results a second that are stored at a server in batches, one batch after the other.

Against the fastest that the server's own client does with the same rows: COPY by psql, INSERTs of as many rows by
mariadb, and pipelined SETEX and PUBLISH by redis-cli. Each batch is a transaction of its own. The servers do not flush to
the disk, so that it is not the disk that is measured.
"""

import os
import subprocess

from report import Row
from storeserver import StoreServer

BATCH = 1000
COLUMNS = "id, task_id, status, result, date_done, traceback, children, name, worker, retries, queue, attempt"


def measure(bench):
    return [row for peer in (PostgreSQL, OwnPostgreSQL, MariaDB, Redis) for row in peer(bench).rows()]


class Peer:
    """One kind of server, with what its own client does."""

    def __init__(self, bench):
        self.bench, self.folder = bench, bench.section()

    def rows(self):
        count = self.bench.pick(100_000, 20_000)
        with StoreServer(self.name, self.folder / "server") as self.server:
            rates, peers = [], []
            for _ in range(self.bench.pick(5, 3)):
                self.empty()
                program = [os.environ["CELERY_STORE_WRITES_BIN"], self.url(), str(count), str(BATCH)]
                rates.append(float(self.bench.run(program, cwd=self.folder)))
                script = self.script(count)
                self.empty()
                peers.append(count / self.bench.seconds(self.client(), cwd=self.folder, stdin=script.open("rb")))
        return [Row(f"results stored in {self.title}, {BATCH} at a time", "results/s", rates, self.beside, peers, aim=self.aim, aims_at_ratio=True)]

    aim = (">=", 0.5)

    def write(self, parts):
        path = self.folder / "script"
        path.write_text("".join(parts))
        return path


class PostgreSQL(Peer):
    name, title, beside = "postgresql", "PostgreSQL", "psql: COPY of as many rows"
    scheme, table, columns = "db+postgresql", "celery_taskmeta", COLUMNS

    def url(self):
        return f"{self.scheme}://celery:celery-secret@127.0.0.1:{self.server.facts['PORT']}/celery"

    def empty(self):
        self.server(
            "sql", f"DROP TABLE IF EXISTS peer; DO $$ BEGIN IF to_regclass('{self.table}') IS NOT NULL THEN TRUNCATE {self.table}; END IF; END $$")

    def client(self):
        return ["env", "PGPASSWORD=celery-secret", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                "-p", self.server.facts["PORT"], "-U", "celery", "celery"]

    def script(self, count):
        copied = subprocess.run(
            [*self.client(), "-c", f"COPY (SELECT {self.columns} FROM {self.table} LIMIT {count}) TO STDOUT"],
            capture_output=True, text=True, check=True).stdout.splitlines(keepends=True)
        parts = []
        for start in range(0, count, BATCH):
            parts += [f"COPY {self.table} ({self.columns}) FROM STDIN;\n", *copied[start : start + BATCH], "\\.\n"]
        return self.write(parts)


class OwnPostgreSQL(PostgreSQL):
    """Our own layout, which a list is read from by any of its columns: seven indexes."""

    title = "PostgreSQL, own layout"
    scheme, table = "postgresql", "celery_result"
    columns = "id, number, state, attempt, expires, document, task, queue, member_of, submitted, headers, properties, body"


class MariaDB(Peer):
    name, title, beside = "mariadb", "MariaDB", "mariadb: INSERT of as many rows"

    def url(self):
        return f"db+mysql://celery:celery-secret@127.0.0.1:{self.server.facts['PORT']}/celery"

    def empty(self):
        if "celery_taskmeta" in self.server("sql", "SHOW TABLES"):
            self.server("sql", "TRUNCATE celery_taskmeta")

    def client(self):
        return ["mariadb", "--no-defaults", "-u", "celery", "-pcelery-secret", "-h", "127.0.0.1", "-P", self.server.facts["PORT"],
                "--protocol=tcp", "celery"]

    def script(self, count):
        columns = COLUMNS.split(", ")
        quoted = ", ".join(f"quote({name})" if name not in ("result", "children") else f"coalesce(concat('x''', hex({name}), ''''), 'NULL')" for name in columns)
        found = self.bench.run([*self.client(), "-N", "-B", "-r", "-e", f"SELECT concat_ws(',', {quoted}) FROM celery_taskmeta LIMIT {count}"])
        lines = found.splitlines()
        return self.write(
            f"INSERT INTO celery_taskmeta ({COLUMNS}) VALUES ({'),('.join(lines[start : start + BATCH])});\n" for start in range(0, count, BATCH))


class Redis(Peer):
    name, title, beside, aim = "redis", "Redis", "redis-cli --pipe: SETEX and PUBLISH", None

    def url(self):
        return self.server.facts["URL"]

    def empty(self):
        self.server("cli", "FLUSHALL")

    def client(self):
        return ["redis-cli", "-u", self.url(), "--no-auth-warning", "--pipe"]

    def script(self, count):
        key = self.server("cli", "RANDOMKEY").strip()
        value = self.server("cli", "GET", key).rstrip("\n")
        name, parts = key.rsplit("-", 5)[0], []
        for number in range(count):
            fresh = f"{name}-{number:08d}-0000-4000-8000-000000000000"
            parts += [command("SETEX", fresh, "86400", value), command("PUBLISH", fresh, value)]
        return self.write(parts)


def command(*words):
    """In the protocol of Redis."""
    return f"*{len(words)}\r\n" + "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
