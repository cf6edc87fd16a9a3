"""Wrong words, wrong JSON, wrong arguments."""

import json
import os
import subprocess

from harness import FACTOR


def case_wrong_options(failures):
    project = failures.project()
    run, refusal = project.run, failures.refusal
    refusal(run("apply", "--quue", "x", "faults.tasks.echo"), 64, "--quue", "--queue")
    refusal(run("aply", "x"), 64, "aply", "apply")
    refusal(run("apply"), 64)
    refusal(run("apply", "--countdown", "soon", "faults.tasks.echo"), 64, "--countdown", "soon")
    refusal(run("apply", "--priority", "300", "faults.tasks.echo"), 64, "--priority", "300")
    refusal(run("apply", "--eta", "yesterday-ish", "faults.tasks.echo"), 64, "--eta")
    refusal(run("apply", "--args", "[1,", "faults.tasks.echo"), 64, "--args")
    refusal(run("apply", "--args", '{"a":1}', "faults.tasks.echo"), 64, "--args")
    refusal(run("apply", "--kwargs", "[]", "faults.tasks.echo"), 64, "--kwargs")
    refusal(run("celeryd", "-c", "0"), 64, "0")
    refusal(run("celeryd", "-c", "many"), 64, "many")
    refusal(run("status", "--wait", "--timeout", "x", "id"), 64, "--timeout")
    failures.expect(not project.database.exists(), "a refused command made a database")


def case_bad_batches(failures):
    project = failures.project()
    for text, word in [
            ("{\n", "not JSON"), ("[]\n", "not a JSON object"), ('{"args":[]}\n', "'task'"), ('{"task":3}\n', "'task'"),
            ('{"task":"faults.tasks.echo","args":{}}\n', "'args'"), ('{"task":"faults.tasks.echo","argz":[]}\n', "argz"),
            ('{"task":"faults.tasks.echo","priority":"x"}\n', "'priority'"), ("\xff\xfe\n", "not JSON"), ("\0\n", "not JSON"),
            ('{"task":"faults.tasks.echo"}garbage\n', "not JSON")]:
        good = '{"task":"faults.tasks.echo"}\n'
        failures.refusal(project.run("apply", "--batch", "-", input=good + text), 65, "line 2", word, hint=True)
    failures.expect(not project.database.exists() or project.value("SELECT count(*) FROM message") == 0, "something was sent")
    result = project.run("apply", "--batch", "-", "--skip-bad", input=good + "{\n" + good)
    failures.expect(result.returncode == 65 and len(result.stdout.split()) == 2, f"--skip-bad: {result}")
    failures.expect(project.value("SELECT count(*) FROM message") == 2, "--skip-bad sent something else")
    failures.refusal(project.run("apply", "--batch", "no/such/file"), 65, "no/such/file")
    failures.refusal(project.run("apply", "--batch", "/"), 65, "/")
    same = '{"task":"faults.tasks.echo","id":"twice"}\n'
    failures.refusal(project.run("apply", "--batch", "-", input=same + same), 65, "twice")
    failures.expect(project.value("SELECT count(*) FROM message") == 2, "half of a refused batch was kept")


def case_deep_and_huge_json(failures):
    project = failures.project()
    deep = '{"task":"faults.tasks.echo","args":[' + "[" * 100_000 + "]" * 100_000 + "]}\n"
    result = project.run("apply", "--batch", "-", input=deep)
    failures.expect(result.returncode in (0, 65), f"deep JSON: {result.returncode} {result.stderr[:300]}")
    for number in ("1e999", "123456789012345678901234567890", "-0", "1E-999"):
        result = project.run("apply", "--batch", "-", input='{"task":"faults.tasks.echo","args":[%s]}\n' % number)
        failures.expect(result.returncode in (0, 65), f"{number}: {result.returncode} {result.stderr[:300]}")


def case_unknown_tasks(failures):
    project = failures.project()
    failures.refusal(project.run("apply", "--strict", "faults.tasks.ecko"), 127, "faults.tasks.ecko")
    failures.expect(not project.database.exists() or project.value("SELECT count(*) FROM message") == 0, "--strict sent it")
    result = project.run("apply", "faults.tasks.ecko")
    failures.expect(result.returncode == 0 and "warning" in result.stderr, f"without --strict: {result}")
    failures.done(project.run("celeryd", "--burst"))
    identity = result.stdout.strip()
    shown = project.run("result", identity)
    failures.expect(shown.returncode == 127 and "NotRegistered" in shown.stderr, f"result: {shown}")
    failures.refusal(project.run("result", "no-such-id"), 127, "no-such-id")
    shown = project.run("status", "no-such-id")
    failures.expect((shown.returncode, shown.stdout) == (127, "no-such-id\tUNKNOWN\n"), f"status: {shown}")


def case_arguments_that_no_program_can_take(failures):
    project = failures.project()
    lines = [
        {"task": "faults.tasks.echo", "args": ["a\0b"], "id": "nul"},
        {"task": "faults.tasks.echo", "kwargs": {"a\0b": 1}, "id": "nul-name"},
        {"task": "faults.tasks.echo", "args": ["x" * 200_000], "id": "long"},
        {"task": "faults.tasks.echo", "args": ["\ud800"], "id": "surrogate"},
        {"task": "faults.tasks.echo", "args": ["good"], "id": "good"},
    ]
    failures.done(project.run("apply", "--batch", "-", input="".join(json.dumps(line) + "\n" for line in lines)))
    failures.done(project.run("celeryd", "--burst", "-c", 1))
    for identity, word in [("nul", "NUL"), ("nul-name", "NUL"), ("long", "200000 bytes long")]:
        shown = project.run("result", identity)
        failures.expect(shown.returncode == 1 and word in shown.stderr, f"{identity}: {shown}")
    failures.expect(project.run("result", "surrogate").returncode in (0, 1), "surrogate")
    failures.done(project.run("result", "good"), "good\n")


def case_invalid_utf8_in_arguments(failures):
    project = failures.project()
    command = [*map(os.fsencode, project.command("apply", "--queue")), b"caf\xe9", b"faults.tasks.echo"]
    result = subprocess.run(command, cwd=project.folder, env=project.env, capture_output=True, text=True, errors="replace")
    failures.refusal(result, 64, "UTF-8")


def case_fifty_megabytes(failures):
    project = failures.project()
    size = (5 if failures.options.quick else 50) << 20
    line = '{"task":"%s","args":["%s"],"id":"%s"}\n'
    batch = line % ("faults.tasks.echo", "x" * size, "program") + line % ("example.announce", "y" * size, "swift")
    result = project.run("apply", "--batch", "-", binary="celery-example", input=batch, timeout=120)
    failures.done(result)
    # The log of the Swift task is as large as its argument.
    worker = project.run("celeryd", "--burst", "-c", 2, "-l", "ERROR", binary="celery-example", timeout=120)
    failures.expect(worker.returncode == 0, f"the worker ended with {worker.returncode}: {worker.stderr[-300:]}")
    shown = project.run("result", "program")
    failures.expect(shown.returncode == 1 and "bytes long" in shown.stderr, f"program: {shown.returncode} {shown.stderr[:300]}")
    shown = project.run("result", "swift")
    failures.expect(shown.returncode == 0, f"swift: {shown.returncode} {shown.stderr[:300]}")
    failures.intact(project)


def case_many_task_files(failures):
    import time

    project = failures.project()
    count = 1_000 if failures.options.quick else 10_000
    for number in range(count):
        project.add_task(f"task{number}", "#!/bin/sh\n# celery: max_retries=1\n")
    began = time.monotonic()
    failures.done(project.run("apply", "faults.tasks.task7", timeout=60))
    seconds = time.monotonic() - began
    failures.note(f"{count} task files: apply takes {seconds:.2f} s")
    failures.expect(seconds < 3 * FACTOR + 3, f"apply took {seconds:.1f} s with {count} task files")
