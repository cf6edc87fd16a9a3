"""The set checker of run-fates: what was accepted, against what became of it."""

import json

from harness import FINAL


class Checker:
    def __init__(self, run):
        self.run = run
        # id -> attempt, as it was when the result was first seen to be final
        self.final = {}
        self.begun = 0
        self.attempts = {}
        # Tasks of which two attempts had one number.
        self.twins = []

    def rows(self):
        return {row[0]: row[1:] for row in self.run.results("SELECT id, state, attempt, document FROM result")}

    def sample(self):
        for identity, attempt in self.run.results(f"SELECT id, attempt FROM result WHERE state IN {FINAL}"):
            self.final.setdefault(identity, attempt)

    def unfinished(self):
        """Late tasks that were accepted and have no final result."""
        rows = self.rows()
        return [
            task for identity, task in self.run.accepted.items()
            if task.is_late and rows.get(identity, ("",))[0] not in FINAL]

    def check(self):
        rows = self.rows()
        for identity in sorted(set(rows) - set(self.run.expected)):
            self.run.violate(f"a result nobody asked for: {identity}")
        for identity, task in self.run.expected.items():
            if identity in self.run.accepted or identity in rows:
                self.check_task(task, rows.get(identity))
    def check_task(self, task, row):
        begins, ends = self.marks(task)
        self.begun += len(begins)
        if row is None or row[0] not in FINAL:
            # Acknowledged before it ran: it may be lost with its worker, but only once it was begun.
            if task.is_late or self.run.harmless:
                self.run.violate(f"LOST: {task} was accepted and is {row[0] if row else 'nowhere'}")
            return
        state, attempt, text = row
        document = json.loads(text)
        self.attempts[attempt] = self.attempts.get(attempt, 0) + 1
        if document.get("attempt") != attempt:
            self.run.violate(f"{task}: attempt {attempt}, but its document says {document.get('attempt')}")
        if self.final.get(task.id, attempt) != attempt:
            self.run.violate(f"{task} was final at attempt {self.final[task.id]} and is now at {attempt}")
        # At RabbitMQ numbers of executions that nobody began are passed over.
        count = attempt if self.run.broker == "sqlite" else len(begins)
        if count > 1 + task.number * (task.what == "retry") + self.run.fault_count + 2:
            self.run.violate(f"{task} took {count} attempts, after {self.run.fault_count} faults")
        self.check_ending(task, state, document)
        self.check_executions(task, state, attempt, document, begins, ends)

    def check_ending(self, task, state, document):
        failure = document["result"].get("exc_type") if state == "FAILURE" else None
        allowed = {task.failure}
        if not task.is_late or task.what == "crash":
            # It may have lost its process to us besides.
            allowed.add("WorkerLostError")
        if failure not in allowed or (state != "SUCCESS") != (failure is not None):
            self.run.violate(f"{task} is {state} {failure}, expected {allowed}")

    def check_executions(self, task, state, attempt, document, begins, ends):
        if state == "SUCCESS" and document["result"] != {"id": task.id, "attempt": attempt}:
            self.run.violate(f"{task}: the result {document['result']} is not of attempt {attempt}")
        first = min((time for times in begins.values() for time in times), default=0)
        for number, times in begins.items():
            # At RabbitMQ a worker sends a task on before it acknowledges the message it had. Death between the two leaves both, and
            # both have the next number. What a worker had taken before the server died begins a moment after that.
            # ActiveMQ tells of a message that it was delivered before, and not how often: all but the first execution may have one number.
            is_twin = len(times) == 2 and self.run.broker == "rabbitmq" or number > 1 and self.run.broker == "activemq"
            if is_twin and any(first - 5 <= death <= max(times) for death in self.run.deaths):
                self.twins.append(f"{task} {number}")
            elif len(times) > 1:
                self.run.violate(f"{task}: attempt {number} began {len(times)} times")
            # At RabbitMQ nobody holds a lease: of two that run at once, the result of the first to end counts.
            if number > attempt and self.run.broker == "sqlite":
                self.run.violate(f"{task}: attempt {number} began, but attempt {attempt} was committed")
        is_lost = state == "FAILURE" and document["result"].get("exc_type") == "WorkerLostError"
        if not is_lost and attempt not in ends:
            self.run.violate(f"{task}: attempt {attempt} was committed, and did not come to its end")
        tries = 1 + (task.number if task.what == "retry" else 0)
        if not task.is_late and len(begins) > tries:
            self.run.violate(f"{task} ran {len(begins)} times, although it was acknowledged before")

    def marks(self, task):
        """When each attempt says that it began, and which came to their end."""
        begins, ends = {}, set()
        path = self.run.marks / task.id
        for line in path.read_text().splitlines() if path.exists() else []:
            word, number, moment = line.split()
            if word == "begin":
                begins.setdefault(int(number), []).append(float(moment))
            else:
                ends.add(int(number))
        return begins, ends
