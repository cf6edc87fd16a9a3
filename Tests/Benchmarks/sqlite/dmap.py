"""Items a second and memory of `celery dmap -j 2`, with a job log, beside GNU parallel and xargs.

Program tasks are /bin/true. All rates are of one run from its start to its end: dmap begins
and stops a worker in it. Memory is the most that the command and all below it had (PSS).
"""

import threading

from processes import descendants, pss
from programs import numbers
from report import Row


def measure(bench):
    return programs(bench) + lines(bench)


def programs(bench):
    count = bench.pick(5_000, 1_000)
    # GNU parallel takes several milliseconds for each: fewer tell as much.
    few = count // 20
    project = bench.project()
    project.add_program("nop", "/bin/true")
    program = project.tasks / "nop"
    many, fewer = [numbers(project.folder / f"numbers-{size}", size) for size in (count, few)]
    log = project.folder / "joblog"
    dmap = [bench.celery, "dmap", "demo.tasks.nop", "-j", "2", "--joblog", log, "--resume"]
    peers = {
        "GNU `parallel -j2 --joblog --resume`": (few, ["parallel", "--will-cite", "-j2", "--joblog", log, "--resume", program], fewer),
        "`xargs -P2 -n1`": (count, ["xargs", "-P2", "-n1", program], many),
        "a bare posix_spawn loop, two at a time": (count, [bench.peer("spawn"), count, 2, program], None),
    }
    ours, rates, memory = [], {name: [] for name in peers}, {name: [] for name in [*peers, "celery"]}
    for _ in range(bench.pick(4, 3)):
        ours.append(count / watched(bench, dmap, many, memory["celery"], project.folder))
        check(log, count)
        for name, (times, command, words) in peers.items():
            rates[name].append(times / watched(bench, command, words or "/dev/null", memory[name], project.folder))
            log.unlink(missing_ok=True)
    aims = [(">=", 8), (">=", 0.85), (">=", 0.7)]
    what = f"`dmap -j 2` of {count:,} runs of a program task"
    rows = [
        Row(what, "items/s", ours, name, rates[name], aim=aim, aims_at_ratio=True)
        for name, aim in zip(peers, aims)
    ]
    parallel = next(iter(peers))
    return [*rows, Row("… memory (PSS)", "MB", memory["celery"], parallel, memory[parallel])]


def lines(bench):
    """Many items, in flat memory."""
    sizes = bench.pick((100_000, 10_000_000), (20_000, 100_000))
    project = bench.project()
    memory = {size: [] for size in sizes}
    rates = []
    for size in sizes:
        path = project.folder / f"lines-{size}"
        command = [bench.example, "dmap", "example.nothing", "--json-lines", "-j", "2"]
        # The task takes no arguments.
        path.write_text("[]\n" * size)
        seconds = watched(bench, command, path, memory[size], project.folder, timeout=7_200)
        rates.append(size / seconds)
        path.unlink()
    least, most = sizes
    return [
        Row(f"`dmap -j 2` of {most:,} no-op Swift tasks", "items/s", rates[1:]),
        Row(f"… memory with {most:,} lines (PSS)", "MB", memory[most], f"with {least:,} lines", memory[least], aim=("<", 60)),
    ]


def check(log, count):
    """Every item has its line."""
    found = sum(1 for _ in log.open()) - 1
    if found != count:
        raise AssertionError(f"the job log has {found} lines, not {count}")
    log.unlink()


def watched(bench, command, words, memory, folder, timeout=300):
    """Seconds of a command; appends the most memory that it and all below it had."""
    most, is_over = [0.0], threading.Event()

    def sample():
        while not is_over.wait(0.1):
            for process in list(bench._running):
                total = 0
                for pid in descendants(process.pid):
                    try:
                        total += pss([pid])
                    except (OSError, TypeError):
                        # It has ended meanwhile.
                        pass
                most[0] = max(most[0], total)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        with open(words) as stdin:
            return bench.seconds(command, cwd=folder, stdin=stdin, timeout=timeout)
    finally:
        is_over.set()
        sampler.join()
        memory.append(most[0])
