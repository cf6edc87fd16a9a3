"""A run on one server: what befalls it and its hosts, and how soon they work again. The server is a RabbitMQ, unless a subclass has another."""

import random
import subprocess
import threading
import time
import uuid

from harness import children
from network import Network
from rabbit import RabbitMQ
from storm_run import StormRun, kill
from storm_schedule import schedule

WORKERS = ("w0", "w1", "w2")


class Storm(StormRun):
    def __init__(self, options):
        self.network = Network([*WORKERS, "client"]) if options.network else None
        try:
            super().__init__(options, WORKERS)
        except BaseException:
            self.network and self.network.close()
            raise
        self.random = random.Random(options.seed)
        self.counts = {"broker-kill": 0, "suspend": 0, "cut": 0, "worker": 0, "child": 0}
        # How long until a worker consumed again, and after what.
        self.resumed = []
        try:
            self.server = self.make_server(["--listen", "0.0.0.0"] if self.network else [])
        except BaseException:
            self.close(keep=False)
            raise

    def make_server(self, listen):
        return RabbitMQ(self.project.base / "rabbit", *listen, within=self.within(Network.BROKER))

    def within(self, host):
        return self.network.within(host) if self.network else []

    def url(self, host):
        address = self.network.address(host) if self.network and host in self.network.hosts else "127.0.0.1"
        return self.with_heartbeat(f"amqp://celery:celery-secret@{address}:{self.server.port}/celery")

    # Faults

    def befall(self, fault):
        """Lets one fault happen, and see to it that all work again after it."""
        self.note(f"fault {fault}")
        self.counts[fault.kind] += 1
        match fault.kind:
            case "broker-kill":
                self.server.kill()
                time.sleep(fault.seconds)
                self.server.restart()
                self.await_consuming(fault, WORKERS)
            case "suspend":
                self.server.suspend()
                time.sleep(fault.seconds)
                self.server.resume()
                self.await_consuming(fault, WORKERS)
            case "cut":
                for host in fault.hosts:
                    self.network.cut(host, fault.way)
                time.sleep(fault.seconds)
                for host in fault.hosts:
                    self.network.heal(host)
                self.await_consuming(fault, [host for host in fault.hosts if host in WORKERS])
            case "worker":
                time.sleep(fault.seconds)
                self.workers[fault.hosts[0]].kill()
                self.workers[fault.hosts[0]].wait()
                self.start_worker(fault.hosts[0])
                # One that starts while the broker is away has to say so and end: not what is tried here.
                self.await_consuming(fault, fault.hosts)
            case "child":
                time.sleep(fault.seconds)
                victims = children(self.workers[fault.hosts[0]].pid)
                if victims:
                    kill(self.random.choice(victims))

    def await_consuming(self, fault, names):
        """Sends a task to the own queue of each worker, and waits until it begins there."""
        healed = time.time()
        waiting = {}
        for name in names:
            identity = str(uuid.uuid4())
            self.submitters.expected[identity] = {"state": "SUCCESS", "program": True, "tries": 0}
            process = self.start_host(
                Network.BROKER, "apply", "-q", "--task-id", identity, "--queue", f"canary-{name}", "faults.tasks.mark", 0, 0, 0,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            errors = process.communicate(timeout=90)[1]
            if process.returncode != 0:
                self.violate(f"after {fault}: no task can be sent from the broker's own host: {errors.decode()[-300:]}")
                continue
            self.submitters.printed.add(identity)
            waiting[name] = identity
        end = time.monotonic() + self.limit + 30
        while waiting and time.monotonic() < end:
            self.watch_workers()
            for name, moment in self.answered(waiting).items():
                del waiting[name]
                self.resumed.append((max(0.0, moment - healed), f"{name} after {fault}"))
            time.sleep(0.05)
        for name in waiting:
            self.violate(f"{name} does not {self.duty} {self.limit + 30} s after {fault}")

    # What a worker has to do again after a fault, as a violation says it, and what has happened when it did.
    duty, done = "consume", "consumed"

    def answered(self, waiting):
        """Of the workers, each with the task in its own queue, those that have done their duty, and when."""
        moments = {name: self.checker.began(identity) for name, identity in waiting.items()}
        return {name: moment for name, moment in moments.items() if moment is not None}

    def schedule(self, hosts):
        """What befalls them, in order."""
        return schedule(self.random, hosts, self.options.heartbeat, self.options.quick, self.network is not None)

    def run(self):
        hosts = [*WORKERS, "client"]
        faults = self.schedule(hosts)
        for fault in faults:
            self.note(f"plan {fault}")
        for name in WORKERS:
            self.start_worker(name)
        self.await_consuming("their start", WORKERS)
        if self.violations:
            return 1
        self.resumed.clear()
        sampler = threading.Thread(target=self.checker.sample)
        began = time.monotonic()
        sampler.start()
        self.submitters.start()
        for number, fault in enumerate(faults):
            self.watch_workers()
            self.befall(fault)
            self.progress = (number + 1) / len(faults)
        self.project.wait_for(lambda: not self.submitters.are_busy, 600, "submitters to end") or self.violate("submitters do not end")
        self.submitters.join()
        print(f"storm: {time.monotonic() - began:.1f} s, {self.counts}, {self.submitters.killed} submitters killed")
        self.settle()
        self.is_over = True
        sampler.join()
        self.stop_workers()
        self.checker.check()
        return self.report()

    def report(self):
        times = sorted(seconds for seconds, _ in self.resumed)
        for seconds, what in self.resumed:
            if seconds > self.limit:
                self.violate(f"{self.done} again only {seconds:.1f} s later, not within {self.limit} s: {what}")
        if times:
            print(f"{self.done} again after {times[len(times) // 2]:.2f} s in the middle, {times[-1]:.2f} s at most, "
                  f"{len(times)} times; allowed {self.limit} s")
        return super().report()

    def close(self, keep):
        super().close(keep)
        if self.network:
            self.network.close()
