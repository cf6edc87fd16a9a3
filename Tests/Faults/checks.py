"""How a case of run-bad-input says what it expects."""

import os
import re
import subprocess

from harness import Project


class Skip(Exception):
    """A case that cannot run here."""


class Failures:
    """What was wrong in one case, and its projects, closed at its end."""

    def __init__(self, options):
        self.options = options
        self.texts = []
        self.notes = []
        self.projects = []
        self.cleanups = []

    def add(self, text):
        self.texts.append(text.strip())

    def note(self, text):
        self.notes.append(text)

    def expect(self, condition, text):
        if not condition:
            self.add(text)
        return condition

    def project(self, **options):
        project = Project(**options)
        self.projects.append(project)
        project.add_task("echo", "#!/bin/sh\nprintf '%s\\n' \"$*\"\n")
        return project

    def refusal(self, result, status, *words, hint=None):
        """A command was refused as it should be: `words` stand in its one line."""
        errors = result.stderr if isinstance(result.stderr, str) else result.stderr.decode(errors="replace")
        lines = errors.splitlines()
        shown = f"{' '.join(map(str, result.args))[-150:]!r} -> {result.returncode}: {errors[:600]!r}"
        self.expect(result.returncode == status, f"status {result.returncode}, expected {status}: {shown}")
        self.expect(not result.stdout, f"it printed {str(result.stdout)[:100]!r}: {shown}")
        messages = [line for line in lines if not line.startswith("hint:") and ": warning: " not in line]
        if not self.expect(len(messages) == 1, f"not one line: {shown}"):
            return
        line = messages[0]
        self.expect(line.startswith("celery"), f"does not say who speaks: {shown}")
        for word in words:
            self.expect(word in line, f"does not say {word!r}: {shown}")
        text = line.split(": ", 1)[-1]
        self.expect(text[:1] == text[:1].lower(), f"not lower case: {shown}")
        self.expect(
            not re.search(r"\b[A-Z][a-z]+(?:Error|Exception)\b|Optional\(|\bSwift\b|\.swift:", line), f"type names: {shown}")
        hints = [line for line in lines if line.startswith("hint:")]
        if hint is not None:
            self.expect(bool(hints) == hint, f"{'no' if hint else 'a'} hint: {shown}")

    def done(self, result, output=None):
        self.expect(result.returncode == 0, f"{result.args[1:4]} -> {result.returncode}: {str(result.stderr)[:500]}")
        if output is not None:
            self.expect(result.stdout == output, f"{result.args[1:4]} printed {result.stdout[:200]!r}, expected {output!r}")

    def intact(self, project):
        """The database is whole, and every message stands in exactly one place."""
        self.expect(project.query("PRAGMA integrity_check") == [("ok",)], "the database is damaged")
        places = "SELECT tag FROM ready UNION ALL SELECT tag FROM scheduled UNION ALL SELECT tag FROM lease"
        lost = project.value(f"SELECT count(*) FROM message WHERE tag NOT IN ({places})")
        extra = project.value(f"SELECT count(*) FROM ({places}) WHERE tag NOT IN (SELECT tag FROM message)")
        doubled = project.value(f"SELECT count(*) FROM (SELECT tag FROM ({places}) GROUP BY tag HAVING count(*) > 1)")
        self.expect(lost == extra == doubled == 0, f"{lost} messages nowhere, {extra} places without, {doubled} in two")

    def worker(self, project, *words, **options):
        """A worker that consumes, with its log in a file. Returns process and log."""
        binary = options.pop("binary", "celery")
        log = project.base / f"worker{len(self.cleanups)}.log"
        with open(log, "wb") as file:
            options.setdefault("stdout", file)
            options.setdefault("stderr", file)
            process = project.start("celeryd", *words, binary=binary, **options)
        self.cleanups.append(lambda: process.poll() is None and process.kill())
        self.expect(project.wait_consuming(log), f"the worker does not start: {log.read_text(errors='replace')[-500:]}")
        return process, log

    def stop(self, process, seconds=15):
        process.terminate()
        try:
            self.expect(process.wait(seconds) == 0, f"the worker ended with {process.returncode}")
        except subprocess.TimeoutExpired:
            self.add(f"the worker does not stop within {seconds} s of TERM")
            process.kill()

    def small_disk(self, megabytes):
        """A tmpfs of so many megabytes."""
        if os.geteuid() != 0:
            raise Skip("needs root, to mount a small disk")
        holder = Project()
        self.projects.append(holder)
        folder = holder.base / "disk"
        folder.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True)
        if made.returncode != 0:
            raise Skip(f"cannot mount: {made.stderr.decode().strip()}")
        self.cleanups.append(lambda: subprocess.run(["umount", "-l", folder]))
        return folder

    def close(self):
        for cleanup in reversed(self.cleanups):
            cleanup()
        for project in self.projects:
            project.close(keep=self.options.keep and bool(self.texts))
