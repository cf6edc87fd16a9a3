#!/usr/bin/env python3
"""An SMTP server that keeps the mails it takes as files, and dies in the middle of one when it is told to.

    smtp_server.py FOLDER PORT USER PASSWORD

Needs aiosmtpd. FOLDER/mode has one word, read for each mail: `take`, or `recipient`, `data` and `taken`, which say where in
the conversation the server is killed: before it knows the recipients, before it keeps the mail, after it has kept
the mail and before it says so. FOLDER/mails has the mails, FOLDER/logins how many came in with what name.
"""

import asyncio
import os
import pathlib
import signal
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Inbox:
    """What aiosmtpd asks of the server."""

    def __init__(self, folder, user, password):
        self.folder = folder
        self.credentials = (user.encode(), password.encode())
        self.mails = folder / "mails"
        self.mails.mkdir(exist_ok=True)

    def die_if(self, moment):
        if (self.folder / "mode").read_text().strip() == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def authenticate(self, server, session, envelope, mechanism, data):
        is_known = (data.login, data.password) == self.credentials
        with open(self.folder / "logins", "a") as file:
            file.write(f"{data.login.decode(errors='replace')} {is_known}\n")
        return AuthResult(success=is_known)

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.die_if("recipient")
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server, session, envelope):
        self.die_if("data")
        number = len(list(self.mails.iterdir()))
        draft = self.folder / "draft"
        draft.write_bytes(f"X-Recipients: {','.join(envelope.rcpt_tos)}\r\n".encode() + envelope.original_content)
        draft.rename(self.mails / f"{number:04}")
        self.die_if("taken")
        return "250 taken"


async def main(folder, port, user, password):
    inbox = Inbox(pathlib.Path(folder), user, password)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(inbox, authenticator=inbox.authenticate, auth_required=True, auth_require_tls=False), "127.0.0.1", int(port))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
