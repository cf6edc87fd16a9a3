"""Program tasks a second: /bin/true, from a worker's start to its end, with stored results.

Against running the same program with nothing around it: from a C loop, one at a time and
two at a time, from xargs and from GNU parallel.
"""

from report import Row


def measure(bench):
    count = bench.pick(5_000, 1_000)
    # GNU parallel takes several milliseconds for each: fewer tell as much.
    few = count // 20
    project = bench.project()
    project.add_program("nop", "/bin/true")
    program = project.tasks / "nop"
    many, fewer = [numbers(project.folder / f"numbers-{size}", size) for size in (count, few)]
    loop = bench.peer("spawn")
    peers = {
        "a bare posix_spawn loop, one at a time": (count, [loop, count, 1, program], None),
        "a bare posix_spawn loop, two at a time": (count, [loop, count, 2, program], None),
        "`xargs -P2 -n1`": (count, ["xargs", "-P2", "-n1", program], many),
        "GNU `parallel -j2`": (few, ["parallel", "--will-cite", "-j2", program], fewer),
    }
    rates = {name: [] for name in peers}
    ours = []
    project.submit(count, {"task": "demo.tasks.nop"})
    project.save()
    worker = [bench.celery, "celeryd", "--burst", "-c", "2", "-l", "WARNING", "-q"]
    for _ in range(bench.pick(4, 3)):
        project.restore()
        ours.append(count / bench.seconds(worker, cwd=project.folder))
        project.check(results=count)
        for name, (times, command, words) in peers.items():
            with open(words or "/dev/null") as stdin:
                rates[name].append(times / bench.seconds(command, stdin=stdin))
    rows = [Row(f"{count:,} runs of a program task, two children", "tasks/s", ours, name, rates[name]) for name in peers]
    for row in rows[:2]:
        row.aim, row.aims_at_ratio = (">=", 0.8), True
    return rows


def numbers(path, count):
    """A file of so many lines."""
    path.write_text("".join(f"{number}\n" for number in range(count)))
    return path
