"""A whole process that submits one task to RabbitMQ, from its start to its end.

Against `celery call` of Python's Celery, and `amqp-publish`, which declares nothing and
waits for no confirm.
"""

import os

from broker import NOTHING, QUEUE
from report import Row


def measure(bench):
    project = bench.broker_project()
    bench.empty(QUEUE)
    body = project.folder / "body"
    body.write_text('[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]')
    commands = {
        "apply": [bench.celery, "apply", "-q", NOTHING],
        "call": ["env", *environment(bench), bench.python, "-B", "-m", "celery", "-A", "celery_app", "call", NOTHING],
        "publish": ["sh", "-c", f"exec amqp-publish -u '{bench.url}' -r {QUEUE} -p -C application/json < '{body}'"],
    }
    words = [bench.peer("timer"), bench.pick(40, 10)]
    for command in commands.values():
        words += ["--", *command]
    rounds = [[int(text) / 1e6 for text in line.split()] for line in bench.run(words, cwd=project.folder).splitlines()]
    apply, call, publish = zip(*rounds)
    what = "`celery apply` to RabbitMQ, a whole process"
    return [
        Row(what, "ms", apply, "`celery call` of Python", call, aim=("<", 1 / 30), aims_at_ratio=True),
        Row(what, "ms", apply, "`amqp-publish`, unconfirmed", publish),
    ]


def environment(bench):
    """What `env` sets for Python."""
    return [f"{name}={text}" for name, text in bench.python_environment().items() if os.environ.get(name) != text]
