"""Python's `inspect` and `control` ask the workers, whoever they are."""

import functools
import json
import pathlib
import subprocess
import sys
import time

import app as configured
from kombu import Exchange
from interop_case import WAIT, Wrong, case, same

# Members that Python's workers give each task.
TASK = {"id", "name", "args", "kwargs", "type", "hostname", "time_start", "acknowledged", "delivery_info", "worker_pid"}


def ask(run, method, timeout=20, **arguments):
    """What each worker on the main queue answers, by its name."""
    names = nodes(run)
    replies = run.app.control.broadcast(method, arguments=arguments, destination=names, reply=True, timeout=timeout)
    found = {name: value for reply in replies for name, value in reply.items()}
    same(sorted(found), names, f"workers that answer {method}")
    return found


def nodes(run):
    """The workers that run the tasks under test; they stay the same."""
    if hasattr(run, "nodes"):
        return run.nodes

    def answering():
        queues = run.app.control.inspect(timeout=1.5).active_queues() or {}
        return sorted(name for name, used in queues.items() if any(queue["name"] == run.queue for queue in used))

    # A busy worker may answer too late.
    run.nodes = run.until(answering, "a worker that answers")
    return run.nodes


def each(found, wanted, what="answer"):
    for name, value in found.items():
        same(value, wanted, f"{what} of {name}")


def control(function):
    """A case of one worker on the main queue: what one has run, another has not."""
    return case(needs=["alone"])(function)


@control
def control_ping(run):
    each(ask(run, "ping"), {"ok": "pong"})
    name = nodes(run)[0]
    # After the one answer there is nothing to wait for.
    inspect = functools.partial(run.app.control.inspect, timeout=WAIT, limit=1)
    same(inspect(pattern=name[:3] + "*").ping(), {name: {"ok": "pong"}}, "by glob")
    same(inspect(pattern=name[:2] + ".*@", matcher="pcre").ping(), {name: {"ok": "pong"}}, "by pcre")
    for nobody in ({"pattern": "nobody*"}, {"pattern": "nobody", "matcher": "pcre"}, {"destination": ["nobody@nowhere"]}):
        same(run.app.control.inspect(timeout=0.5, **nobody).ping() or None, None, f"by {nobody}")


@control
def control_tasks(run):
    """active, reserved, scheduled, query_task and registered."""
    # First, for a worker that is busy takes nothing that is for later.
    later = run.send("add", 1, 1, countdown=50)
    scheduled = run.until(lambda: list(ask(run, "scheduled").values())[0], "a scheduled task")
    running = [run.send("sleep", 8) for _ in range(4)]
    active = run.until(lambda: (lambda found: found if len(found) == 4 else None)(list(ask(run, "active").values())[0]), "four running tasks")
    for task in active:
        same(set(task), TASK, "members of a task")
        same((task["name"], task["args"], task["kwargs"]), ("interop.tasks.sleep", [8], {}), "task")
        if not isinstance(task["worker_pid"], int) or abs(task["time_start"] - time.time()) > 60:
            raise Wrong(f"pid {task['worker_pid']}, began {task['time_start']}")
    same({task["id"] for task in active}, {each.id for each in running}, "ids")
    same([(set(entry), entry["priority"], entry["request"]["id"], set(entry["request"])) for entry in scheduled],
         [({"eta", "priority", "request"}, 6, later.id, TASK)], "scheduled")
    extra = run.send("sleep", 0)
    found = list(ask(run, "query_task", ids=[running[0].id, later.id, "nope"]).values())[0]
    same({identity: state for identity, (state, _) in found.items()}, {running[0].id: "active", later.id: "scheduled"}, "query_task")
    for task in list(ask(run, "reserved").values())[0]:
        same(set(task), TASK, "members of a reserved task")
    for each_result in running + [extra]:
        run.get(each_result)
    names = list(ask(run, "registered").values())[0]
    if "interop.tasks.add" not in names:
        raise Wrong(f"registered: {names}")
    listed = list(ask(run, "registered", taskinfoitems=["max_retries", "nonsense"]).values())[0]
    if not any(line.startswith("interop.tasks.exhaust [max_retries=") for line in listed):
        raise Wrong(f"registered: {listed}")
    return len(names)


@control
def control_stats(run):
    run.get(run.send("add", 1, 1))
    found = list(ask(run, "stats").values())[0]
    wanted = {"total", "pid", "clock", "uptime", "pool", "broker", "prefetch_count", "rusage"}
    if not wanted <= set(found):
        raise Wrong(f"stats lacks {wanted - set(found)}")
    same(set(found["broker"]), {
        "hostname", "userid", "virtual_host", "port", "insist", "ssl", "transport", "connect_timeout", "transport_options", "login_method",
        "uri_prefix", "heartbeat", "failover_strategy", "alternates", "credential_provider"}, "broker")
    same(set(found["pool"]), {
        "implementation", "max-concurrency", "processes", "max-tasks-per-child", "put-guarded-by-semaphore", "timeouts", "writes"}, "pool")
    same((len(found["rusage"]), found["pool"]["max-concurrency"], len(found["pool"]["processes"])), (16, 4, 4), "numbers")
    if not isinstance(found["clock"], str) or found["total"]["interop.tasks.add"] < 1:
        raise Wrong(f"clock {found['clock']!r}, total {found['total']}")


@control
def control_facts(run):
    queue = next(queue for queue in list(ask(run, "active_queues").values())[0] if queue["name"] == run.queue)
    same((queue["exchange"]["name"], queue["exchange"]["type"], queue["routing_key"]), (run.queue, "direct", run.queue), "queue")
    same(len(queue), 18, "members of a queue")
    same(len(queue["exchange"]), 8, "members of an exchange")
    for with_defaults in (False, True):
        text = json.dumps(ask(run, "conf", with_defaults=with_defaults))
        if "celery-secret" in text or ("amqp" not in text and "redis" not in text):
            raise Wrong(f"conf: {text}")
    report = list(ask(run, "report").values())[0]["ok"]
    if "software -> celery:" not in report or "celery-secret" in report:
        raise Wrong(f"report: {report}")
    clock = list(ask(run, "clock").values())[0]
    same((set(clock), type(clock["clock"])), ({"clock"}, int), "clock")
    hello = list(ask(run, "hello", from_node="other@host", revoked={}).values())[0]
    same(set(hello), {"revoked", "clock"}, "hello")
    for name, value in ask(run, "memsample").items():
        if value is not None and not value.endswith("B"):
            raise Wrong(f"memsample of {name}: {value}")


@control
def control_pool(run):
    size = lambda: len(list(ask(run, "stats").values())[0]["pool"]["processes"])
    each(ask(run, "pool_grow", n=1), {"ok": "pool will grow"})
    run.until(lambda: size() == 5, "five children")
    each(ask(run, "pool_shrink", n=1), {"ok": "pool will shrink"})
    run.until(lambda: size() == 4, "four children")
    each(ask(run, "autoscale", max=3, min=1), {"error": "ValueError('Autoscale not enabled')"})
    restarted = list(ask(run, "pool_restart").values())[0]
    if restarted not in ({"ok": "reload started"}, {"error": "ValueError('Pool restarts not enabled')"}):
        raise Wrong(f"pool_restart: {restarted}")
    same(run.get(run.send("add", 2, 3)), 5)


@control
def control_queues(run):
    queue = f"extra-{run.key()}"
    names = lambda: [queue["name"] for queue in list(ask(run, "active_queues").values())[0]]
    each(ask(run, "add_consumer", queue=queue), {"ok": f"add consumer {queue}"})
    run.until(lambda: queue in names(), "the new queue")
    same(run.get(run.send("add", 2, 3, queue=queue)), 5)
    each(ask(run, "cancel_consumer", queue=queue), {"ok": f"no longer consuming from {queue}"})
    run.until(lambda: queue not in names(), "the end of the new queue")
    result = run.send("add", 1, 1, queue=queue)
    same(run.get(run.send("add", 2, 2)), 4)
    if result.ready():
        raise Wrong("takes from a queue that was taken away")
    # An exchange of its own.
    topic = f"topic-{run.key()}"
    each(ask(run, "add_consumer", queue=topic, exchange=topic, exchange_type="topic", routing_key="a.*"), {"ok": f"add consumer {topic}"})
    run.until(lambda: topic in names(), "the queue of the exchange")
    # On Redis a client that has not declared an exchange takes it for a direct one.
    declared = [Exchange(topic, "topic")]
    same(run.get(run.app.send_task("interop.tasks.add", (4, 5), exchange=topic, exchange_type="topic", routing_key="a.b", declare=declared)), 9)
    each(ask(run, "cancel_consumer", queue=topic), {"ok": f"no longer consuming from {topic}"})


@control
def control_time_limit(run):
    each(ask(run, "time_limit", task_name="interop.tasks.sleep", soft=None, hard=1.0), {"ok": "time limits set successfully"})
    # Python's workers since 5.0 say so, and go on with the limits they began with.
    if run.peer == "ours":
        error = run.failure(run.send("sleep", 20))
        if "TimeLimitExceeded" not in repr(error):
            raise Wrong(f"raised {error!r}")
    each(ask(run, "time_limit", task_name="interop.tasks.sleep", soft=None, hard=None), {"ok": "time limits set successfully"})
    same(run.get(run.send("sleep", 1.5)), 1.5)
    each(ask(run, "time_limit", task_name="interop.tasks.nosuch", soft=1, hard=2), {"error": "unknown task"})


@control
def control_errors(run):
    each(ask(run, "nosuch"), {"error": "KeyError('nosuch')"})
    for name, value in ask(run, "add_consumer").items():
        if "missing 1 required positional argument: 'queue'" not in value["error"]:
            raise Wrong(f"{name}: {value}")
    each(ask(run, "ping"), {"ok": "pong"})


@control
def control_commands(run):
    """Python's own commands. Asked by name, a worker is not waited for after it has answered."""
    name = nodes(run)[0]
    commands = [
        (["inspect", "ping"], "pong"), (["inspect", "active"], "- empty -"), (["inspect", "registered", "max_retries"], "interop.tasks.add"),
        (["inspect", "stats"], "prefetch_count"), (["inspect", "scheduled"], name), (["inspect", "active_queues"], run.queue),
        (["inspect", "conf", "yes"], "********"), (["inspect", "report"], "software"), (["inspect", "clock"], "clock"),
        (["inspect", "query_task", "nope"], name), (["inspect", "reserved"], "- empty -"), (["inspect", "memsample"], name),
        (["control", "pool_grow", "1"], "pool will grow"), (["control", "pool_shrink", "1"], "pool will shrink"),
        (["control", "time_limit", "interop.tasks.now", "30", "60"], "time limits set successfully"),
        (["control", "add_consumer", "shelf"], "add consumer shelf"), (["control", "cancel_consumer", "shelf"], "no longer consuming from shelf"),
        (["status"], f"->  {name}: OK"),
    ]
    lines = ""
    for words, _ in commands:
        whom = ["-t", "2"] if words in (["inspect", "ping"], ["status"]) else ["-t", "20", "-d", name]
        lines += json.dumps(["-A", "app", words[0], *whom, *words[1:]]) + "\n"
    done = subprocess.run([sys.executable, pathlib.Path(__file__).with_name("commands.py")], input=lines, capture_output=True, text=True, timeout=180)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(commands):
        raise Wrong(f"{len(answers)} of {len(commands)} commands, {done.stderr[-500:]!r}")
    for (words, text), (status, output, errors) in zip(commands, answers):
        if status or text not in output:
            raise Wrong(f"celery {' '.join(words)}: status {status}, {output!r}, {errors[-500:]!r}")
