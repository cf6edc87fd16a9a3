"""Python's side of the benchmarks on RabbitMQ and Redis: one task that does nothing.

BENCH_BROKER is the broker, BENCH_BACKEND where results go (rpc); with BENCH_CONFIRM every message is confirmed before the next.
"""

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_BROKER"], backend=os.environ.get("BENCH_BACKEND", "rpc://"))
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True} if os.environ.get("BENCH_CONFIRM") else {})


@app.task(name="example.nothing")
def nothing():
    return None
