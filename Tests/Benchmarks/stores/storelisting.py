"""What it costs to look at a million ended tasks in PostgreSQL, in our own layout: a page of them, by each filter, in a shell and in the
dashboard of celery web.

Against psql, which reads as many rows of the same table. One task in a thousand has failed and has another name.
"""

import os

from listing import PAGES, dashboard
from report import Row
from storeserver import StoreServer

PEER = "SELECT id, state, document, body FROM celery_result ORDER BY number + 0 DESC LIMIT 20"
RARE = "UPDATE celery_result SET state = 'FAILURE', task = 'example.divide' WHERE number % 1000 = 7"


def measure(bench):
    count = bench.pick(1_000_000, 100_000)
    project, rows = bench.project(), []
    with StoreServer("postgresql", bench.section() / "server") as server:
        place = f"127.0.0.1:{server.facts['PORT']}/celery"
        url = f"postgresql://celery:celery-secret@{place}"
        bench.run([os.environ["CELERY_STORE_WRITES_BIN"], url, str(count), "1000"], cwd=project.folder, timeout=900)
        server("sql", RARE)
        server("sql", "ANALYZE celery_result")
        psql = ["psql", "-X", "-q", "-A", "-t", url, "-c", PEER]
        for what, words in PAGES.items():
            seconds, peer = [], []
            for _ in range(bench.pick(11, 5)):
                seconds.append(1_000 * bench.seconds([bench.celery, "list", "--result-backend", url, *words], cwd=project.folder))
                peer.append(1_000 * bench.seconds(psql, cwd=project.folder))
            aim = ("<", 50) if not words else ("<", 200) if "--grep" not in words else None
            rows.append(Row(f"celery list, {count:,} ended tasks in PostgreSQL: {what}", "ms", seconds, "psql, 20 rows", peer, aim=aim))
        rows += dashboard(bench, project, count, "--result-backend", url, where=" in PostgreSQL")
    return rows
