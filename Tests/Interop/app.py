"""The Celery application of the interop tests, for Python's worker and for the client.

    celery -A app worker -Q QUEUE

INTEROP_BROKER and INTEROP_BACKEND are URLs (the backend `rpc://` unless told otherwise),
INTEROP_QUEUE is where messages go that name no queue. A worker with INTEROP_PRIORITY takes
also from a queue of that name with priorities.
"""

import os

from celery import Celery
from kombu import Exchange, Queue

QUEUE = os.environ.get("INTEROP_QUEUE", "celery")
PRIORITY_QUEUE = os.environ.get("INTEROP_PRIORITY", "")


def make(**settings):
    """A new application; `settings` go before those of every test."""
    made = Celery(
        "interop", broker=os.environ["INTEROP_BROKER"], backend=os.environ.get("INTEROP_BACKEND", "rpc://"), set_as_current=False)
    made.conf.update(
        task_default_queue=QUEUE, worker_prefetch_multiplier=1, worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True, result_expires=3600)
    if PRIORITY_QUEUE:
        made.conf.task_queues = [
            Queue(QUEUE), Queue(PRIORITY_QUEUE, queue_arguments={"x-max-priority": 10})]
    made.conf.update(settings)
    return made


def make_quorum():
    """One whose tasks go to a quorum queue, by a topic exchange: what is for later waits in the broker."""
    return make(task_queues=[Queue(
        "interop.quorum", Exchange("interop.quorum", type="topic"), routing_key="interop.late",
        queue_arguments={"x-queue-type": "quorum"})])


app = make(include=["tasks"])
app.set_default()
