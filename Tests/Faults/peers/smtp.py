"""The SMTP server of a run and what has come in there."""

import email
import email.policy
import pathlib
import re
import signal
import socket
import subprocess

from free_port import free_port

SCRIPT = pathlib.Path(__file__).with_name("smtp_server.py")


class Mail:
    """A mail as the server has kept it."""

    def __init__(self, raw):
        self.raw = raw
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.subject = message["Subject"]
        self.identity = message["Message-ID"]
        self.recipients = message["X-Recipients"].split(",")
        self.body = message.get_content()

    def field(self, name):
        """The value after `NAME:` in the body; empty if there is none."""
        found = re.search(rf"^{name}: +(.*)$", self.body, re.MULTILINE)
        return found[1] if found else ""

    @property
    def count(self):
        """Of how many failures it tells that no mail told before."""
        found = re.search(r" failed with \S+ (once|\d+ times)(?: since the last mail|\. The last time)", self.body)
        if not found:
            return 1
        return 1 if found[1] == "once" else int(found[1].split()[0])


class SMTPServer:
    """aiosmtpd in a process of its own, which can be killed, stopped and started again on its port."""

    def __init__(self, project, python, user, password):
        self.project, self.python = project, python
        self.credentials = (user, password)
        self.folder = project.base / "smtp"
        self.folder.mkdir()
        self.port = free_port()
        self.process = None

    def start(self, mode="take"):
        """Returns when it answers."""
        (self.folder / "mode").write_text(mode)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.python, SCRIPT, self.folder, str(self.port), *self.credentials], env=self.project.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not self.project.wait_for(self._answers, 20, "the SMTP server"):
            raise RuntimeError(f"no SMTP server: {(self.folder / 'log').read_text(errors='replace')[-800:]}")

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                return connection.recv(100).startswith(b"220")
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def suspend(self):
        """Stops it without a word: connections stand, and nobody answers."""
        self.process.send_signal(signal.SIGSTOP)

    @property
    def mails(self):
        """What has come in, oldest first, each mail once: one that the server could not confirm comes again."""
        folder = self.folder / "mails"
        found = {}
        for path in sorted(folder.iterdir()) if folder.exists() else []:
            mail = Mail(path.read_bytes())
            found.setdefault(mail.identity, mail)
        return list(found.values())

    @property
    def copies(self):
        return len(list((self.folder / "mails").iterdir()))

    @property
    def logins(self):
        return (self.folder / "logins").read_text().splitlines()
