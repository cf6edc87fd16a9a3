"""Those who submit during a storm: batches, single tasks and dmap."""

import json
import random
import signal
import subprocess
import threading
import time
import uuid

# A submitter may say that the broker is away, or not now; then it promised nothing.
REFUSALS = {0, 69, 75, 124}

# Which part of all tasks may be sent before the faults get there: so much there is always to do.
AHEAD = 0.15


class Submitters:
    """Submits about so many tasks from several threads, at the pace of the storm."""

    def __init__(self, storm, seed, count):
        self.storm = storm
        self.count = count
        self.sent = 0
        # id -> what is expected of it; written before it is submitted. What dmap sends has ids of its own.
        self.expected = {}
        self.printed = set()
        # id -> when the process that submitted it began and ended: the broker confirmed it in between.
        self.accepted = {}
        self.statuses = {}
        self.killed = 0
        self.dmaps = {"items": 0, "ended": 0, "broken off": 0}
        self.is_over = False
        self.lock = threading.Lock()
        makers = [self.batches, self.batches, self.singles, self.singles, self.dmap]
        self.threads = [
            threading.Thread(target=self.go, args=(maker, random.Random(f"{seed}/{number}")))
            for number, maker in enumerate(makers)]

    def start(self):
        for thread in self.threads:
            thread.start()

    @property
    def are_busy(self):
        return any(thread.is_alive() for thread in self.threads)

    def join(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def go(self, maker, rng):
        """One thread: submits again and again, not far ahead of the faults."""
        while not self.is_over and self.sent < self.count:
            if self.sent > self.count * (self.storm.progress + AHEAD):
                time.sleep(0.05)
                continue
            try:
                maker(rng)
            except subprocess.TimeoutExpired as late:
                self.storm.violate(f"a submitter hangs: {late.cmd[:4]}")
            time.sleep(rng.uniform(0, 0.1))

    def line(self, rng):
        """One task: a line for --batch, and what must become of it."""
        identity = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        kind = rng.random()
        line = {"id": identity}
        expect = {"state": "SUCCESS", "program": False, "tries": 0}
        if kind < 0.3:
            tries = rng.choice([0] * 9 + [1, 2])
            status = rng.choice([0] * 19 + [3])
            line |= {"task": "faults.tasks.mark", "args": [tries, rng.randrange(15) / 1000, status]}
            expect |= {"program": True, "tries": tries, "state": "FAILURE" if status else "SUCCESS"}
        elif kind < 0.95:
            x = rng.randrange(1000)
            line |= {"task": "example.add", "args": [x, 1]}
            expect["value"] = x + 1
        else:
            line |= {"task": "example.divide", "args": [1, 0]}
            expect["state"] = "FAILURE"
        if rng.random() < 0.1:
            line["countdown"] = round(rng.uniform(0.2, 5), 2)
        return line, expect

    def batches(self, rng):
        lines = [self.line(rng) for _ in range(rng.randint(5, max(20, self.count // 100)))]
        text = "".join(json.dumps(line) + "\n" for line, _ in lines)
        self.submit(rng, lines, ["apply", "-q", "--batch", "-"], text)

    def singles(self, rng):
        line, expect = self.line(rng)
        words = ["apply", "-q", "--task-id", line["id"]]
        words += ["--countdown", line["countdown"]] if "countdown" in line else []
        self.submit(rng, [(line, expect)], [*words, line["task"], *line["args"]], "")

    def submit(self, rng, lines, words, text):
        """Submits, now and then killed half-way; only what was printed was promised."""
        with self.lock:
            self.expected.update({line["id"]: expect for line, expect in lines})
        began = time.time()
        output, status = self.run(words, text, doom=rng.uniform(0.01, 0.3) if rng.random() < 0.15 else None)
        with self.lock:
            accepted = output.split("\n")[:-1]
            self.accepted.update({identity: (began, time.time()) for identity in accepted})
            self.printed.update(accepted)
            self.sent += len(accepted)
        if status not in REFUSALS and status != -signal.SIGKILL:
            self.storm.violate(f"celery {words[0]} ended with {status}")

    def run(self, words, text, doom=None):
        process = self.storm.start_host(
            "client", *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        timer = threading.Timer(doom, process.kill) if doom else None
        if timer:
            timer.start()
        try:
            output, errors = process.communicate(text.encode(), timeout=180)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            if timer:
                timer.cancel()
        with self.lock:
            self.killed += process.returncode == -signal.SIGKILL
            self.statuses[process.returncode] = self.statuses.get(process.returncode, 0) + 1
        if process.returncode not in (0, -signal.SIGKILL):
            self.storm.note(f"{' '.join(map(str, words[:3]))}: status {process.returncode}: {errors.decode(errors='replace')[-300:].strip()}")
        return output.decode(), process.returncode

    def dmap(self, rng):
        """Maps over numbers. Whatever it prints has to be right; it may be broken off when the broker is away."""
        numbers = [rng.randrange(1000) for _ in range(rng.randint(20, 100))]
        text = "".join(f"[{number}, 1]\n" for number in numbers)
        output, status = self.run(["dmap", "--keep", "--json", "--json-lines", "--timeout", "90", "example.add"], text)
        found = [json.loads(line) for line in output.split("\n")[:-1]]
        for row in found:
            # Items count from 1.
            if row["state"] == "SUCCESS" and row["result"] != numbers[row["item"] - 1] + 1:
                self.storm.violate(f"dmap printed {row} for {numbers[row['item'] - 1]} + 1")
        with self.lock:
            self.sent += len(found)
            self.dmaps["items"] += len(found)
            self.dmaps["ended" if status == 0 else "broken off"] += 1
            for row in found:
                if row["state"] == "SUCCESS":
                    self.printed.add(row["id"])
                    self.expected[row["id"]] = {"state": "SUCCESS", "program": False, "tries": 0, "value": row["result"]}
        if status == 0 and [row["item"] for row in found] != list(range(1, len(numbers) + 1)):
            self.storm.violate(f"dmap ended with 0 and printed {len(found)} of {len(numbers)} items")
        if status not in REFUSALS:
            self.storm.violate(f"dmap ended with {status}")
