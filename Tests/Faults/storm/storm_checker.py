"""What was promised in a storm, against what came of it."""

import json
import sqlite3
import time

from harness import FINAL


class Checker:
    """Reads the result store and the log of executions, both from outside."""

    def __init__(self, storm):
        self.storm = storm
        # id -> when it was first seen to be final, with which attempt and document.
        self.seen = {}
        # id -> [(attempt, when it began)]
        self.begins = {}
        self.ends = {}
        self.offset = 0
        self.counts = {}
        self.late = 0

    # While it goes on

    # Seconds between two looks at all results.
    pause = 0.5

    def results(self):
        """All results: rows of id, state, attempt and Celery's document as text; `None` when nobody can tell now."""
        try:
            return self.storm.project.query("SELECT id, state, attempt, document FROM result")
        except sqlite3.OperationalError:
            # No worker has made the table yet.
            return None

    def sample(self):
        """Notices what is final when: it may not change after that."""
        while not self.storm.is_over:
            for identity, state, attempt, document in self.results() or []:
                if state in FINAL:
                    self.seen.setdefault(identity, (time.time(), attempt, document))
            time.sleep(self.pause)

    def began(self, identity):
        """When a task first began; `None` before that."""
        self.read_marks()
        found = self.begins.get(identity)
        return found[0][1] if found else None

    def read_marks(self):
        """Reads what was appended to the log of executions since."""
        with open(self.storm.marks, "rb") as file:
            file.seek(self.offset)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.decode().splitlines():
            word, identity, attempt, moment, _ = line.split()
            (self.begins if word == "begin" else self.ends).setdefault(identity, []).append((int(attempt), float(moment)))

    def unfinished(self):
        """What was promised and is not final."""
        return self.storm.submitters.printed - {identity for identity, state, _, _ in self.results() or [] if state in FINAL}

    # At the end

    def check(self):
        submitters, violate = self.storm.submitters, self.storm.violate
        self.read_marks()
        found = self.results() or []
        rows = {row[0]: row[1:] for row in found}
        if len(rows) != len(found):
            violate(f"{len(found) - len(rows)} ids have more than one result")
        promised, known = submitters.printed, set(submitters.expected)
        for identity in sorted(promised - known)[:20]:
            violate(f"printed an id that was not asked for: {identity}")
        for identity in sorted(promised - set(rows)):
            violate(f"LOST: {identity} was accepted and has no result: {submitters.expected.get(identity)}")
            self.storm.trace(identity)
        for identity in sorted(promised & set(rows)):
            self.check_result(identity, *rows[identity])
        again = {identity: len(moments) for identity, moments in self.begins.items()}
        self.counts = {
            "accepted": len(promised), "results": len(rows), "accepted with one result": len(promised & set(rows)),
            "kept though not printed": len(set(rows) & known - promised),
            "program executions": sum(again.values()),
            "more than asked for": sum(
                count - 1 - submitters.expected[identity]["tries"] for identity, count in again.items()
                if identity in submitters.expected and count > 1 + submitters.expected[identity]["tries"]),
            "results above attempt 1": sum(attempt > 1 for _, attempt, _ in rows.values()),
        }

    def check_result(self, identity, state, attempt, text):
        violate = self.storm.violate
        document, expect = json.loads(text), self.storm.submitters.expected[identity]
        if state != expect["state"]:
            violate(f"{identity} is {state}, expected {expect}: {str(document.get('result'))[:300]}")
        elif "value" in expect and document["result"] != expect["value"]:
            violate(f"{identity} has the value {document['result']}, expected {expect}")
        if document.get("retries", 0) != expect["tries"]:
            violate(f"{identity}: retries {document.get('retries')}, expected {expect}")
        seen = self.seen.get(identity)
        if seen and seen[1:] != (attempt, text):
            violate(f"{identity} was final with attempt {seen[1]} and has changed since, to attempt {attempt}")
        if expect["program"]:
            self.check_execution(identity, state, attempt, document)

    def check_execution(self, identity, state, attempt, document):
        """What the program itself says, against what was committed."""
        violate = self.storm.violate
        ended = {number for number, _ in self.ends.get(identity, [])}
        if state == "SUCCESS" and document["result"] != {"id": identity, "attempt": attempt}:
            violate(f"{identity}: the result {document['result']} is not of attempt {attempt}")
        if not ended:
            violate(f"{identity} has a result and was never run to its end")
        elif attempt not in ended:
            violate(f"{identity}: attempt {attempt} was committed, and {sorted(ended)} came to their end")
        for number, moment in self.begins[identity]:
            seen = self.seen.get(identity)
            if seen and moment > seen[0] + 0.1:
                self.late += 1
                self.storm.note(f"{identity}: attempt {number} began {moment - seen[0]:.2f} s after it was final")

    def report(self):
        print(", ".join(f"{what} {count}" for what, count in self.counts.items()))
        print(f"begun again after the result was there: {self.late}")
