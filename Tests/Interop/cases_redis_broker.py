"""What only Redis as a broker has: kombu's keys, its order of priorities, and what ours does for them."""

import json
import time

import redis

from cases_shell import celery
from interop_case import Wrong, case, same


def server(run):
    """The broker, as any other program sees it."""
    return redis.Redis.from_url(run.app.conf.broker_url, decode_responses=True)


def held(run):
    """How many messages somebody holds, by both of kombu's keys."""
    client = server(run)
    return client.hlen("unacked"), client.zcard("unacked_index")


@case(needs=["redisbroker"])
def redisbroker_nothing_is_left(run):
    """Of a hundred tasks nothing is held any more, and no list is left."""
    results = [run.send("add", number, 1) for number in range(100)]
    same([run.get(result) for result in results], [number + 1 for number in range(100)], "values")
    run.until(lambda: held(run) == (0, 0), f"nothing to be held, instead of {held(run)}")
    same(server(run).llen(run.queue), 0, "length")


@case(needs=["redisbroker"])
def redisbroker_lowest_step_first(run):
    """As kombu serves them, whoever takes them."""
    key = run.key()
    blockers = [run.send("sleep", 1) for _ in range(16)]
    time.sleep(0.3)
    results = [run.send("mark", number, key, priority=number) for number in [9, 6, 3, 0] * 5]
    for result in blockers + results:
        run.get(result)
    order = [int(line) for line in run.lines(key)]
    first, last = sum(order[:10]) / 10, sum(order[-10:]) / 10
    if first >= last:
        raise Wrong(f"the first had {first} on average, the last {last}: {order}")


@case(needs=["redisbroker", "alone"])
def redisbroker_countdown_is_held_for_python(run):
    """A message that waits for its time is in `unacked`, as if a worker of Python held it."""
    key = run.key()
    result = run.send("mark", 1, key, countdown=3)
    run.until(lambda: held(run) == (1, 1), f"one message to be held, instead of {held(run)}")
    message, exchange, routing_key = json.loads(server(run).hvals("unacked")[0])
    same((message["headers"]["id"], exchange, routing_key), (result.id, "", run.queue), "held")
    run.get(result)
    same(len(run.lines(key)), 1, "runs")
    run.until(lambda: held(run) == (0, 0), "nothing to be held")


@case(needs=["redisbroker"])
def redisbroker_what_was_restored_runs(run):
    """A message that Python's workers have put back is read with the marks they make."""
    client = server(run)
    tag = "interop-restored"
    with run.app.connection_for_write() as connection:
        channel = connection.default_channel
        message = channel.prepare_message(
            "W1syLCAzXSwge30sIHt9XQ==", 0, "application/json", "utf-8",
            {"task": run.full("add"), "id": tag, "lang": "py", "redelivered": True, "root_id": tag},
            {"correlation_id": tag, "delivery_mode": 2, "body_encoding": "base64", "delivery_tag": tag,
             "delivery_info": {"exchange": "", "routing_key": run.queue, "redelivered": True}})
    client.rpush(run.queue, json.dumps(message))
    same(run.get(run.app.AsyncResult(tag)), 5)


@case(needs=["ours", "redisbroker"])
def shell_redisbroker_counts_and_purges(run):
    """Our commands see the lists, and delete what waits in them."""
    client = server(run)
    queue = "interop.purged"
    for _ in range(3):
        run.app.send_task(run.full("add"), args=(1, 1), queue=queue, priority=6)
    same(client.llen(f"{queue}\x06\x166"), 3, "list")
    counted = celery("queues", "--json")
    if not any(line.get("ready") == 3 and queue in line.values() for line in map(json.loads, counted.output.splitlines())):
        raise Wrong(f"counted {counted.output!r} {counted.errors!r}")
    celery("purge", "--force", "-Q", queue)
    same(client.exists(f"{queue}\x06\x166"), 0, "list")


@case(needs=["ours", "redisbroker"])
def shell_redisbroker_sees_workers(run):
    """`celery status` asks over the channel, and ends when all who listen have answered."""
    start = time.monotonic()
    status = celery("status")
    if "python@" not in status.output and "ours@" not in status.output:
        raise Wrong(f"{status.output!r} {status.errors!r}")
    if time.monotonic() - start > 20:
        raise Wrong("it took too long")
